import { TRANSFER_SYNTAX } from './dicom/transfer-syntax.ts'
import type { Manifest, ManifestInstance } from './manifest.ts'
import type { Medium } from './medium.ts'

const JPEG: ReadonlySet<string> = new Set([
  '1.2.840.10008.1.2.4.50',
  '1.2.840.10008.1.2.4.51',
  TRANSFER_SYNTAX.jpegLosslessSv1,
])
const JPEG_2000: ReadonlySet<string> = new Set(['1.2.840.10008.1.2.4.90', '1.2.840.10008.1.2.4.91'])

/** What a File-set conforms to (PS3.11), and why to nothing: then `names` is empty. */
export type Profile = {
  /** One for each kind of medium that the image may go on. */
  readonly names: readonly string[]
  /** A file is longer than an extent of ISO 9660 level 1 or a file of FAT can be. */
  readonly hugeFile: boolean
  /** Files that could not be decoded and keep a Transfer Syntax that is in no profile. */
  readonly outside: readonly { readonly transferSyntaxUid: string; readonly instances: number }[]
}

/** What a General Purpose profile allows on DVD and USB; of the rest nothing stays compressed that can be decoded. */
export const isWithinProfiles = (transferSyntaxUid: string): boolean =>
  transferSyntaxUid === TRANSFER_SYNTAX.explicitLittle ||
  JPEG.has(transferSyntaxUid) ||
  isJpeg2000(transferSyntaxUid)

export const isJpeg2000 = (transferSyntaxUid: string): boolean => JPEG_2000.has(transferSyntaxUid)

/**
 * The form in which each instance goes on a disc: as its manifest says, but JPEG 2000 is decoded where there is JPEG as
 * well, since no profile allows both (PS3.11 Annexes H and J). Of the two JPEG stays: it is what more readers know, and
 * what is lossy in it would grow most.
 */
export function withinOneProfile(manifests: readonly Manifest[]): Manifest[] {
  const hasJpeg = manifests.some(({ instances }) =>
    instances.some(({ transferSyntaxUid }) => JPEG.has(transferSyntaxUid)),
  )
  if (!hasJpeg) return [...manifests]
  const decoded = (instance: ManifestInstance): ManifestInstance => {
    if (!instance.decoded) return instance
    // What is decoded is held for it, and does not stream by.
    const { streamed: _, ...same } = instance
    const { explicitLittle: transferSyntaxUid } = TRANSFER_SYNTAX
    return { ...same, ...instance.decoded, transferSyntaxUid, conversion: 'decoded' }
  }
  return manifests.map((manifest) => ({ ...manifest, instances: manifest.instances.map(decoded) }))
}

/**
 * The application profiles that a File-set of these instances conforms to, in an image that fits on `medium`. On CD only
 * what is uncompressed (PS3.11 Annex D); those of DVD (Annex H) and USB (Annex J) allow that as well. None on BD, which is
 * UDF (PS3.12 Annex X), or on dual layer DVD, which PS3.12 Annex P does not name. All need level 1 of ISO 9660 (PS3.12
 * §F.2.2), or FAT, and neither has files over 4 GiB.
 */
export function applicationProfile(
  instances: Iterable<Pick<ManifestInstance, 'transferSyntaxUid'>>,
  { medium, hugeFile }: { medium: Medium; hugeFile: boolean },
): Profile {
  const counts = new Map<string, number>()
  for (const { transferSyntaxUid: uid } of instances) counts.set(uid, (counts.get(uid) ?? 0) + 1)
  counts.delete(TRANSFER_SYNTAX.explicitLittle)
  const compressed = [...counts.keys()]
  const allowed = compressed.length === 0 || compressed.some((uid) => JPEG.has(uid)) ? JPEG : JPEG_2000
  const outside = [...counts]
    .filter(([uid]) => !allowed.has(uid))
    .map(([transferSyntaxUid, count]) => ({ transferSyntaxUid, instances: count }))
    .sort((a, b) => (a.transferSyntaxUid < b.transferSyntaxUid ? -1 : 1))
  if (outside.length > 0 || hugeFile) return { names: [], hugeFile, outside }
  const coding = allowed === JPEG ? 'JPEG' : 'J2K'
  const names = [
    ...(medium === 'CD' && compressed.length === 0 ? ['STD-GEN-CD'] : []),
    ...(medium === 'CD' || medium === 'DVD' ? [`STD-GEN-DVD-${coding}`] : []),
    `STD-GEN-USB-${coding}`,
  ]
  return { names, hugeFile, outside }
}
