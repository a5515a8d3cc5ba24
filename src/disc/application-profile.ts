import { TRANSFER_SYNTAX } from './dicom/transfer-syntax.ts'

const JPEG = new Set(['1.2.840.10008.1.2.4.50', '1.2.840.10008.1.2.4.51', '1.2.840.10008.1.2.4.70'])
const JPEG_2000 = new Set(['1.2.840.10008.1.2.4.90', '1.2.840.10008.1.2.4.91'])

/**
 * The application profile of PS3.11 that a File-set with these Transfer Syntaxes conforms to; null if it is none,
 * which does not keep each file from being a good DICOM File. JPEG and JPEG 2000 never go together.
 */
export function applicationProfile(transferSyntaxUids: Iterable<string>): string | null {
  const compressed = new Set(transferSyntaxUids)
  compressed.delete(TRANSFER_SYNTAX.explicitLittle)
  const isWithin = (allowed: Set<string>) => [...compressed].every((uid) => allowed.has(uid))
  if (compressed.size === 0) return 'STD-GEN-CD'
  if (isWithin(JPEG)) return 'STD-GEN-DVD-JPEG'
  if (isWithin(JPEG_2000)) return 'STD-GEN-DVD-J2K'
  return null
}
