import { TRANSFER_SYNTAX } from './dicom/transfer-syntax.ts'
import type { Manifest, ManifestInstance } from './manifest.ts'

const JPEG: ReadonlySet<string> = new Set([
  '1.2.840.10008.1.2.4.50',
  '1.2.840.10008.1.2.4.51',
  TRANSFER_SYNTAX.jpegLosslessSv1,
])
const JPEG_2000: ReadonlySet<string> = new Set(['1.2.840.10008.1.2.4.90', '1.2.840.10008.1.2.4.91'])

/** Of PS3.11. `name` is null where files that could not be decoded keep a Transfer Syntax that is in none: `outside`. */
export type Profile = {
  readonly name: string | null
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
  const decoded = (instance: ManifestInstance): ManifestInstance =>
    instance.decoded
      ? {
          ...instance,
          ...instance.decoded,
          transferSyntaxUid: TRANSFER_SYNTAX.explicitLittle,
          conversion: 'decoded',
        }
      : instance
  return manifests.map((manifest) => ({ ...manifest, instances: manifest.instances.map(decoded) }))
}

/** The application profile that a File-set of these instances conforms to. */
export function applicationProfile(
  instances: Iterable<Pick<ManifestInstance, 'transferSyntaxUid'>>,
): Profile {
  const counts = new Map<string, number>()
  for (const { transferSyntaxUid: uid } of instances) counts.set(uid, (counts.get(uid) ?? 0) + 1)
  counts.delete(TRANSFER_SYNTAX.explicitLittle)
  const compressed = [...counts.keys()]
  const allowed = compressed.some((uid) => JPEG.has(uid)) ? JPEG : JPEG_2000
  const outside = [...counts]
    .filter(([uid]) => !allowed.has(uid))
    .map(([transferSyntaxUid, instances]) => ({ transferSyntaxUid, instances }))
    .sort((a, b) => (a.transferSyntaxUid < b.transferSyntaxUid ? -1 : 1))
  if (outside.length > 0) return { name: null, outside }
  if (compressed.length === 0) return { name: 'STD-GEN-CD', outside }
  return { name: allowed === JPEG ? 'STD-GEN-DVD-JPEG' : 'STD-GEN-DVD-J2K', outside }
}
