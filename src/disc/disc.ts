import { hash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { applicationProfile, type Profile, withinOneProfile } from './application-profile.ts'
import type { DerivedContent, DiscContent, ExtraFile } from './content.ts'
import { TRANSFER_SYNTAX } from './dicom/transfer-syntax.ts'
import { encodeDicomdir } from './dicomdir.ts'
import { arrangeFileSet, placedInstances, summariseSeries } from './file-set.ts'
import { LONGEST_SECTION } from './iso9660/directory-record.ts'
import type { FileBytes } from './iso9660/extents.ts'
import { type ImageFile, planImage, writeImage } from './iso9660/iso9660.ts'
import type { Manifest, ManifestInstance } from './manifest.ts'
import { type Medium, mediumFor } from './medium.ts'
import { discPages } from './pages.ts'
import type { ByteRange } from './ranges.ts'
import type { Downloadable } from './serve.ts'
import { planZip, writeZip } from './zip/zip.ts'

/** A disc ready to be sent, in both packings: same plan, same bytes, on every gateway. */
export type DiscPlan = {
  readonly iso: PackedDisc
  /** The same files, for who cannot open an ISO. */
  readonly zip: PackedDisc
  /** The smallest medium that the ISO fits on. */
  readonly medium: Medium
  readonly profile: Profile
  readonly instanceCount: number
}

export type PackedDisc = Downloadable & {
  /** Where the bytes of each file lie, ascending. */
  readonly extents: readonly (ByteRange & { readonly file: DiscFile })[]
  /** Writes a range; `open` is called once for each file in it, in the order of `extents`. */
  readonly write: (
    open: (file: DiscFile, start: number, end: number) => FileBytes,
    range: ByteRange,
  ) => AsyncGenerator<Uint8Array>
}

/** A file of the disc: bytes in hand, an instance of the archive, or bytes that are kept elsewhere. */
export type DiscFile = ImageFile & { readonly sha256: string; readonly crc32: number } & (
    | { readonly bytes: Uint8Array; readonly instance?: never; readonly open?: never }
    | { readonly instance: ManifestInstance; readonly bytes?: never; readonly open?: never }
    | { readonly open: DerivedContent['open']; readonly bytes?: never; readonly instance?: never }
  )

/**
 * Lays out the disc of some studies. `date` is that of all files and of the volume: it must be fixed with the
 * manifests and the reports, not be taken from the clock.
 */
export function planDisc({
  manifests,
  content,
  extras = [],
  compact,
  date,
}: {
  manifests: readonly Manifest[]
  content: DiscContent
  /** Instances that go as JPEG lossless SV1, by Orthanc's id: then it is the compact disc. */
  compact?: ReadonlyMap<string, DerivedContent> | undefined
  /** More files; their order is that of the disc. */
  extras?: readonly ExtraFile[]
  date: Date
}): DiscPlan {
  const fileSet = arrangeFileSet(withinOneProfile(compact ? withCompact(manifests, compact) : manifests))
  const placed = [...placedInstances(fileSet)]
  const series = summariseSeries(fileSet)
  const copies = manifests.reduce((sum, { instances }) => sum + instances.length, 0) - placed.length
  // The day of the exam, and nothing that tells whose it is: the volume's name shows on every desktop.
  const day =
    content.exams
      .map((exam) => exam.date)
      .sort()
      .at(-1) ?? date.toISOString().slice(0, 10)
  const name = `esame-${day}${compact ? '-compatto' : ''}`
  const volumeId = `ESAME_${day.replaceAll('-', '')}`

  // PS3.10 §8.6: a File-set has one DICOMDIR, at its root. PS3.12 §F.1.1: its ID is the volume's.
  const directory = discFile({
    path: 'DICOMDIR',
    isoPath: 'DICOMDIR',
    bytes: encodeDicomdir(fileSet, volumeId),
  })
  const more = extras.map(discFile)
  const instanceFiles = placed.map(({ instance, fileId }): DiscFile => {
    const path = fileId.join('/')
    const { length, sha256, crc32 } = instance
    const open = compact?.get(instance.orthancId)?.open
    return { path, isoPath: path, size: length, sha256, crc32, ...(open ? { open } : { instance }) }
  })
  const known = [directory, ...more, ...instanceFiles]
  const hugeFile = known.some(({ size }) => size > LONGEST_SECTION)
  const layOut = (medium: Medium) => {
    const profile = applicationProfile(
      placed.map(({ instance }) => instance),
      { medium, hugeFile },
    )
    const pages = discPages(content, { instanceCount: placed.length, copies, profile, series }, date).map(
      discFile,
    )
    const first = [directory, ...pages, ...more]
    const checksums = checksumFile([...first, ...instanceFiles])
    const files = [...first, checksums, ...instanceFiles]
    return { profile, checksums, files, image: planImage(files, { volumeId, application: 'RITIRO' }, date) }
  }
  // The pages tell the profiles, which follow from what the image fits on; so, by some bytes, does its length from them.
  const least = mediumFor(known.reduce((sum, { size }) => sum + size, 0))
  const tried = layOut(least)
  const medium = mediumFor(tried.image.size)
  const { profile, checksums, files, image } = medium === least ? tried : layOut(medium)
  const archive = planZip(files, date)
  const common = { lastModified: new Date(Math.floor(date.getTime() / 1000) * 1000) }
  return {
    iso: {
      ...common,
      size: image.size,
      // The head says where each file lies and what it is called; SHA256.TXT what each holds.
      etag: etagOf(image.head, checksums.sha256),
      fileName: `${name}.iso`,
      mediaType: 'application/x-iso9660-image',
      extents: image.extents,
      write: (open, range) => writeImage(image, open, range),
    },
    zip: {
      ...common,
      size: archive.size,
      // So does the central directory.
      etag: etagOf(archive.tail, checksums.sha256),
      fileName: `${name}.zip`,
      mediaType: 'application/zip',
      extents: archive.extents,
      write: (open, range) => writeZip(archive, open, range),
    },
    medium,
    profile,
    instanceCount: placed.length,
  }
}

/** Manifests whose instances are said to be what they are on the compact disc. */
function withCompact(
  manifests: readonly Manifest[],
  compact: ReadonlyMap<string, DerivedContent>,
): Manifest[] {
  const replaced = (instance: ManifestInstance): ManifestInstance => {
    const made = compact.get(instance.orthancId)
    if (!made) return instance
    const { size: length, sha256, crc32 } = made
    // It is JPEG now: no profile asks for another form of it.
    const { decoded: _, ...same } = instance
    return { ...same, transferSyntaxUid: TRANSFER_SYNTAX.jpegLosslessSv1, length, sha256, crc32 }
  }
  return manifests.map((manifest) => ({ ...manifest, instances: manifest.instances.map(replaced) }))
}

function discFile(file: ExtraFile): DiscFile {
  if (file.open) return file
  const { path, isoPath, bytes } = file
  return {
    ...{ path, isoPath, bytes, size: bytes.byteLength },
    ...{ sha256: hash('sha256', bytes, 'hex'), crc32: crc32(bytes) },
  }
}

/** For `sha256sum -c SHA256.TXT`, run at the root of the disc. */
function checksumFile(files: readonly DiscFile[]): DiscFile {
  const lines = files.map(({ sha256, path }) => `${sha256}  ${path}\n`)
  return discFile({ path: 'SHA256.TXT', isoPath: 'SHA256.TXT', bytes: Buffer.from(lines.join('')) })
}

/** Strong (RFC 9110 §8.8.3), with its quotes: it follows from every byte. */
function etagOf(layout: Uint8Array, checksums: string): string {
  return `"${hash('sha256', hash('sha256', layout, 'hex') + checksums, 'hex').slice(0, 32)}"`
}
