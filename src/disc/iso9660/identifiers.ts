import { latin1, ucs2 } from './bytes.ts'

/** How a tree names things: plain ISO 9660 interchange level 1, or Joliet. */
export type Naming = {
  readonly name: 'iso' | 'joliet'
  /** The bytes of a name as a Directory Record and the Path Table hold them. */
  readonly encode: (name: string, isDirectory: boolean) => Uint8Array
  readonly check: (name: string, isDirectory: boolean) => boolean
}

/** Interchange level 1 (ECMA-119 §10.1): 8 d-characters, for files also a dot and 3 more. */
export const ISO_LEVEL_1: Naming = {
  name: 'iso',
  encode: (name, isDirectory) => latin1(isDirectory ? name : `${withDot(name)};1`),
  check: (name, isDirectory) =>
    isDirectory ? /^[A-Z0-9_]{1,8}$/.test(name) : /^(?!\.?$)[A-Z0-9_]{0,8}(\.[A-Z0-9_]{0,3})?$/.test(name),
}

/** Joliet (Microsoft, 1995): up to 64 UCS-2 characters, but for a few that have a meaning in paths. */
export const JOLIET: Naming = {
  name: 'joliet',
  encode: (name, isDirectory) => ucs2(isDirectory ? name : `${name};1`),
  check: (name) => name.length > 0 && name.length <= 62 && !FORBIDDEN_IN_JOLIET.test(name),
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what Joliet forbids.
const FORBIDDEN_IN_JOLIET = /[\u0000-\u001f*/:;?\\]/

/** ECMA-119 §7.5.1: a File Identifier holds the dot also where there is no extension. */
const withDot = (name: string): string => (name.includes('.') ? name : `${name}.`)

/**
 * Text by which the records of a directory are sorted (ECMA-119 §9.3): by file name, then by extension, the
 * shorter padded with what sorts before everything. Also the order of the Path Table within one parent (§6.9.1).
 */
export function sortKey(name: string): string {
  const dot = name.lastIndexOf('.')
  return dot < 0 ? name : `${name.slice(0, dot)}\0${name.slice(dot + 1)}`
}
