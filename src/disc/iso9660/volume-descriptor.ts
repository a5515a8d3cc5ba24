import { latin1, putBoth16, putBoth32, putVolumeDate, SECTOR_SIZE, ucs2 } from './bytes.ts'
import { putRootRecord } from './directory-record.ts'
import type { Naming } from './identifiers.ts'
import { pathTableSize } from './path-table.ts'
import type { Directory } from './tree.ts'

/** What a volume says of itself. Characters: A–Z, 0–9 and _ (identifier), a-characters (the others). */
export type VolumeLabel = {
  /** At most 16 characters, which Joliet can hold too. */
  readonly volumeId: string
  readonly publisher?: string
  readonly application?: string
}

export type Volume = {
  readonly label: VolumeLabel
  readonly date: Date
  /** Sectors of the whole image. */
  readonly spaceSize: number
  readonly directories: readonly Directory[]
  readonly pathTableL: number
  readonly pathTableM: number
}

/**
 * The Primary (ISO) or Supplementary (Joliet) Volume Descriptor, ECMA-119 §8.4 and §8.5: same fields, other
 * character set. The byte positions of the standard count from 1, the offsets below from 0.
 */
export function encodeVolumeDescriptor(volume: Volume, naming: Naming): Uint8Array {
  const joliet = naming.name === 'joliet'
  const bytes = new Uint8Array(SECTOR_SIZE)
  const view = new DataView(bytes.buffer)
  const text = (offset: number, length: number, value: string) =>
    bytes.set(joliet ? paddedUcs2(value, length) : latin1(value.padEnd(length)), offset)
  const [root] = volume.directories
  if (!root) throw new Error('a volume has a root directory')

  bytes[0] = joliet ? 2 : 1 // Volume Descriptor Type
  bytes.set(latin1('CD001'), 1) // Standard Identifier
  bytes[6] = 1 // Volume Descriptor Version
  text(8, 32, '') // System Identifier
  text(40, 32, volume.label.volumeId) // Volume Identifier
  putBoth32(view, 80, volume.spaceSize) // Volume Space Size
  if (joliet) bytes.set(latin1('%/E'), 88) // Escape Sequences: UCS-2 level 3
  putBoth16(view, 120, 1) // Volume Set Size
  putBoth16(view, 124, 1) // Volume Sequence Number
  putBoth16(view, 128, SECTOR_SIZE) // Logical Block Size
  putBoth32(view, 132, pathTableSize(volume.directories)) // Path Table Size
  view.setUint32(140, volume.pathTableL, true) // Location of Occurrence of Type L Path Table
  view.setUint32(148, volume.pathTableM, false) // Location of Occurrence of Type M Path Table
  putRootRecord(bytes, 156, root, volume.date) // Directory Record for Root Directory
  text(190, 128, '') // Volume Set Identifier
  text(318, 128, volume.label.publisher ?? '') // Publisher Identifier
  text(446, 128, '') // Data Preparer Identifier
  text(574, 128, volume.label.application ?? '') // Application Identifier
  text(702, 37, '') // Copyright File Identifier
  text(739, 37, '') // Abstract File Identifier
  text(776, 37, '') // Bibliographic File Identifier
  putVolumeDate(bytes, 813, volume.date) // Volume Creation Date and Time
  putVolumeDate(bytes, 830, volume.date) // Volume Modification Date and Time
  putVolumeDate(bytes, 847, null) // Volume Expiration Date and Time
  putVolumeDate(bytes, 864, null) // Volume Effective Date and Time
  bytes[881] = 1 // File Structure Version
  return bytes
}

/** Volume Descriptor Set Terminator, ECMA-119 §8.3. */
export function encodeTerminator(): Uint8Array {
  const bytes = new Uint8Array(SECTOR_SIZE)
  bytes[0] = 255
  bytes.set(latin1('CD001'), 1)
  bytes[6] = 1
  return bytes
}

/** Refuses a label that a descriptor cannot hold. */
export function checkLabel({ volumeId, publisher = '', application = '' }: VolumeLabel): void {
  if (!/^[A-Z0-9_]{1,16}$/.test(volumeId)) throw new Error(`${volumeId}: not a volume identifier`)
  for (const text of [publisher, application]) {
    // ECMA-119 §7.4.1: a-characters; Joliet halves the room.
    if (!/^[A-Z0-9_ !"%&'()*+,\-./:;<=>?]{0,64}$/.test(text)) throw new Error(`${text}: not a-characters`)
  }
}

// An odd field (37 bytes) keeps a zero after its last whole character, as mkisofs writes it.
function paddedUcs2(text: string, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  bytes.set(ucs2(text.padEnd(Math.floor(length / 2))))
  return bytes
}
