import { directorySize } from './directory-record.ts'
import { type Naming, sortKey } from './identifiers.ts'

/** One directory of one of the two trees. `extent` and `number` are given by the layout. */
export type Directory = {
  readonly identifier: Uint8Array
  /** The root's parent is the root (ECMA-119 §6.8.2.2). */
  readonly parent: Directory
  readonly depth: number
  /** Sorted as the records must be. */
  readonly entries: Entry[]
  /** Bytes, a multiple of the sector. */
  size: number
  extent: number
  /** Its place in the Path Table, from 1. */
  number: number
}

export type Entry =
  | { kind: 'directory'; order: string; identifier: Uint8Array; directory: Directory }
  | { kind: 'file'; order: string; identifier: Uint8Array; fileIndex: number; sections: number }

export type NamedFile = { readonly path: string; readonly sections: number }

/** The tree of directories over `files`, in the order of the Path Table: level by level, by parent, by name. */
export function buildTree(files: readonly NamedFile[], naming: Naming): Directory[] {
  const root = newDirectory(Uint8Array.of(0), null)
  const byPath = new Map<string, Directory>([['', root]])
  const taken = new Set<string>()

  for (const [fileIndex, file] of files.entries()) {
    const names = file.path.split('/')
    const name = names.pop() ?? ''
    checkName(file.path, name, false, naming)
    if (taken.has(file.path)) throw new Error(`${file.path}: two files of this name`)
    taken.add(file.path)
    const parent = directoryAt(names, byPath, root, naming)
    const identifier = naming.encode(name, false)
    parent.entries.push({
      kind: 'file',
      order: sortKey(name),
      identifier,
      fileIndex,
      sections: file.sections,
    })
  }
  for (const path of byPath.keys())
    if (taken.has(path)) throw new Error(`${path}: both a file and a directory`)
  return inPathTableOrder(root)
}

function directoryAt(
  names: string[],
  byPath: Map<string, Directory>,
  root: Directory,
  naming: Naming,
): Directory {
  const known = byPath.get(names.join('/'))
  if (known) return known
  let here = root
  for (const [index, name] of names.entries()) {
    const path = names.slice(0, index + 1).join('/')
    let next = byPath.get(path)
    if (!next) {
      checkName(path, name, true, naming)
      next = newDirectory(naming.encode(name, true), here)
      // ECMA-119 §6.8.2.1: at most eight levels, the root among them.
      if (next.depth > 8) throw new Error(`${path}: more than eight levels`)
      here.entries.push({
        kind: 'directory',
        order: sortKey(name),
        identifier: next.identifier,
        directory: next,
      })
      byPath.set(path, next)
    }
    here = next
  }
  return here
}

function newDirectory(identifier: Uint8Array, parent: Directory | null): Directory {
  const made: Omit<Directory, 'parent'> = {
    identifier,
    depth: parent ? parent.depth + 1 : 1,
    entries: [],
    size: 0,
    extent: 0,
    number: 0,
  }
  const directory = made as { -readonly [key in keyof Directory]: Directory[key] }
  directory.parent = parent ?? directory
  return directory
}

function checkName(path: string, name: string, isDirectory: boolean, naming: Naming): void {
  if (!naming.check(name, isDirectory)) throw new Error(`${path}: not a name for ${naming.name}`)
}

function inPathTableOrder(root: Directory): Directory[] {
  const ordered: Directory[] = [root]
  for (let index = 0; index < ordered.length; index++) {
    const directory = ordered[index]
    if (!directory) continue
    directory.number = index + 1
    directory.entries.sort((a, b) => (a.order < b.order ? -1 : 1))
    directory.size = directorySize(directory.entries)
    for (const entry of directory.entries) if (entry.kind === 'directory') ordered.push(entry.directory)
  }
  // ECMA-119 §6.9.1: a Path Table numbers its directories in 16 bits.
  if (ordered.length > 0xffff)
    throw new Error(`${ordered.length} directories: more than a Path Table can number`)
  return ordered
}
