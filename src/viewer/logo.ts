import { readFileSync } from 'node:fs'
import { extname } from 'node:path'

/** A picture as it is sent: its bytes never run anything, whatever an SVG holds. */
export type Logo = { readonly type: string; readonly bytes: Uint8Array }

const TYPES: Readonly<Record<string, string>> = {
  '.jpeg': 'image/jpeg',
  '.jpg': 'image/jpeg',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
}
const LARGEST = 500_000

/** The hospital's logo from its file; an Error that says what is wrong with it. */
export function readLogo(file: string): Logo {
  const type = TYPES[extname(file).toLowerCase()]
  if (!type) throw new Error('must be an .svg, .png or .jpg')
  const bytes = readFileSync(file)
  if (bytes.byteLength > LARGEST) throw new Error('is larger than 500 kB')
  return { type, bytes }
}
