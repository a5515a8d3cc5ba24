import { SECTOR_SIZE, sectorsFor } from './bytes.ts'
import { type Extent, encodeDirectory, LONGEST_SECTION } from './directory-record.ts'
import { type FileBytes, firstEndingAfter, readExactly } from './extents.ts'
import { ISO_LEVEL_1, JOLIET, type Naming } from './identifiers.ts'
import { encodePathTable, pathTableSize } from './path-table.ts'
import { buildTree, type Directory } from './tree.ts'
import {
  checkLabel,
  encodeTerminator,
  encodeVolumeDescriptor,
  type VolumeLabel,
} from './volume-descriptor.ts'

export type { VolumeLabel } from './volume-descriptor.ts'

/** A file of the image: its bytes are asked for only when the image is written. */
export type ImageFile = {
  /** Joliet path, `/` between names: what Windows, macOS and Linux show. */
  readonly path: string
  /** ISO 9660 level 1 path: 8.3, A–Z 0–9 _. */
  readonly isoPath: string
  readonly size: number
}

/** A whole image, laid out: everything but the bytes of its files. */
export type ImagePlan<F extends ImageFile> = {
  /** Bytes of the image. */
  readonly size: number
  /** All sectors before the first file: descriptors, path tables, directories. */
  readonly head: Uint8Array
  /** The files in the order of their extents. */
  readonly extents: readonly { readonly file: F; readonly start: number; readonly end: number }[]
}

/** ECMA-119 §6.2.1: sectors 0–15 are the System Area. */
const FIRST_DESCRIPTOR = 16

/**
 * Drives that read ahead past the end of a disc burned track-at-once report errors in its last files; mkisofs
 * pads by the same 150 sectors for that.
 */
const END_PADDING_SECTORS = 150

/**
 * Gives every descriptor, path table, directory and file of an ISO 9660 + Joliet image its place. Same input,
 * same bytes: nothing is taken from the clock.
 */
export function planImage<F extends ImageFile>(
  files: readonly F[],
  label: VolumeLabel,
  date: Date,
): ImagePlan<F> {
  checkLabel(label)
  const trees = [ISO_LEVEL_1, JOLIET].map((naming) => layTree(files, naming))

  let sector = FIRST_DESCRIPTOR + trees.length + 1
  for (const tree of trees) {
    const tableSectors = sectorsFor(pathTableSize(tree.directories))
    tree.pathTableL = sector
    tree.pathTableM = sector + tableSectors
    sector += 2 * tableSectors
  }
  for (const tree of trees) {
    for (const directory of tree.directories) {
      directory.extent = sector
      sector += sectorsFor(directory.size)
    }
  }
  const headSectors = sector
  const fileExtents: Extent[] = files.map(({ size }) => {
    const extent = { sector, size }
    sector += sectorsFor(size)
    return extent
  })
  const spaceSize = sector + END_PADDING_SECTORS
  // ECMA-119 §8.4.8: the Volume Space Size has 32 bits.
  if (spaceSize > 0xffffffff) throw new Error(`${spaceSize} sectors: more than a volume holds`)

  return {
    size: spaceSize * SECTOR_SIZE,
    head: encodeHead(trees, fileExtents, headSectors, { label, date, spaceSize }),
    extents: files.map((file, index) => {
      const start = (fileExtents[index]?.sector ?? 0) * SECTOR_SIZE
      return { file, start, end: start + file.size }
    }),
  }
}

type Tree = { naming: Naming; directories: Directory[]; pathTableL: number; pathTableM: number }

function layTree(files: readonly ImageFile[], naming: Naming): Tree {
  const named = files.map((file) => ({
    path: naming.name === 'joliet' ? file.path : file.isoPath,
    sections: Math.max(1, Math.ceil(file.size / LONGEST_SECTION)),
  }))
  return { naming, directories: buildTree(named, naming), pathTableL: 0, pathTableM: 0 }
}

function encodeHead(
  trees: readonly Tree[],
  fileExtents: readonly Extent[],
  headSectors: number,
  { label, date, spaceSize }: { label: VolumeLabel; date: Date; spaceSize: number },
): Uint8Array {
  const head = new Uint8Array(headSectors * SECTOR_SIZE)
  const put = (sector: number, bytes: Uint8Array) => head.set(bytes, sector * SECTOR_SIZE)

  for (const [index, tree] of trees.entries()) {
    const { naming, directories, pathTableL, pathTableM } = tree
    const volume = { label, date, spaceSize, directories, pathTableL, pathTableM }
    put(FIRST_DESCRIPTOR + index, encodeVolumeDescriptor(volume, naming))
    put(pathTableL, encodePathTable(directories, 'L'))
    put(pathTableM, encodePathTable(directories, 'M'))
    for (const directory of directories) put(directory.extent, encodeDirectory(directory, fileExtents, date))
  }
  put(FIRST_DESCRIPTOR + trees.length, encodeTerminator())
  return head
}

/**
 * Writes the bytes `start` to `end` (exclusive) of a planned image. Only files that lie in that range are
 * opened, one after the other, from the first byte that is wanted. A source that gives fewer or more bytes than
 * planned breaks the stream: the layout already promised the sectors that follow.
 */
export async function* writeImage<F extends ImageFile>(
  plan: ImagePlan<F>,
  open: (file: F, start: number, end: number) => FileBytes,
  { start = 0, end = plan.size }: { start?: number; end?: number } = {},
): AsyncGenerator<Uint8Array> {
  let at = start
  if (at < plan.head.byteLength && at < end) {
    const chunk = plan.head.subarray(at, Math.min(end, plan.head.byteLength))
    at += chunk.byteLength
    yield chunk
  }
  for (let index = firstEndingAfter(plan.extents, at); at < end; index++) {
    const extent = plan.extents[index]
    const zerosUntil = Math.min(end, extent?.start ?? plan.size)
    while (at < zerosUntil) {
      const chunk = ZEROS.subarray(0, Math.min(ZEROS.byteLength, zerosUntil - at))
      at += chunk.byteLength
      yield chunk
    }
    if (!extent || at >= end) return
    const until = Math.min(end, extent.end)
    if (at >= until) continue
    const opened = open(extent.file, at - extent.start, until - extent.start)
    yield* readExactly(extent.file.isoPath, opened, until - at)
    at = until
  }
}

const ZEROS = new Uint8Array(32 * SECTOR_SIZE)
