import type { Directory } from './tree.ts'

/** Bytes of a Path Table over these directories (ECMA-119 §9.4). */
export const pathTableSize = (directories: readonly Directory[]): number =>
  directories.reduce((sum, directory) => sum + recordLength(directory), 0)

/**
 * ECMA-119 §9.4: Length of Directory Identifier, Extended Attribute Record Length, Location of Extent, Parent
 * Directory Number, Directory Identifier, padding to an even length. Type L is little endian, type M big.
 */
export function encodePathTable(directories: readonly Directory[], type: 'L' | 'M'): Uint8Array {
  const littleEndian = type === 'L'
  const bytes = new Uint8Array(pathTableSize(directories))
  const view = new DataView(bytes.buffer)
  let at = 0
  for (const directory of directories) {
    bytes[at] = directory.identifier.byteLength
    view.setUint32(at + 2, directory.extent, littleEndian)
    view.setUint16(at + 6, directory.parent.number, littleEndian)
    bytes.set(directory.identifier, at + 8)
    at += recordLength(directory)
  }
  return bytes
}

function recordLength({ identifier }: Directory): number {
  return 8 + identifier.byteLength + (identifier.byteLength % 2)
}
