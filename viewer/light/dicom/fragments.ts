import { FrameError } from '../model/model.ts'
import type { PixelLocation } from './part10.ts'

/** Where each frame of an encapsulated Pixel Data lies: the fragments that make it, in the file (PS3.5 §A.4). */
export type FrameMap = readonly (readonly Fragment[])[]

export interface Fragment {
  readonly start: number
  readonly length: number
}

/** Walks the items of Pixel Data, reading only their heads, and deals them out to the frames. */
export async function mapFrames(
  blob: Blob,
  { start, extended }: PixelLocation,
  frames: number,
): Promise<FrameMap> {
  const reader = windowOver(blob)
  const offsetTable = await itemAt(reader, start)
  if (!offsetTable) throw new FrameError('corrupt', 'no Basic Offset Table')
  const offsets = await readOffsets(blob, offsetTable)
  const fragments: Fragment[] = []
  let at = offsetTable.start + offsetTable.length
  const first = at
  for (;;) {
    const item = await itemAt(reader, at)
    if (!item) break
    fragments.push(item)
    at = item.start + item.length
  }
  if (extended?.offsets.length === frames) return dealt(fragments, first, extended.offsets)
  if (frames === 1) return [fragments]
  if (offsets.length === frames) return dealt(fragments, first, offsets)
  if (fragments.length === frames) return fragments.map((fragment) => [fragment])
  return byMarker(blob, fragments, frames)
}

/** The bytes of one frame. */
export async function frameBytes(
  blob: Blob,
  fragments: readonly Fragment[],
): Promise<Uint8Array<ArrayBuffer>> {
  const parts = fragments.map(({ start, length }) => blob.slice(start, start + length))
  const bytes = new Uint8Array(await new Blob(parts).arrayBuffer())
  const promised = fragments.reduce((sum, { length }) => sum + length, 0)
  if (bytes.length === 0 || bytes.length < promised)
    throw new FrameError('pixels-short', `${bytes.length}/${promised}`)
  return bytes
}

type Reader = (at: number, length: number) => Promise<DataView | null>

/** Reads small pieces through a window, for items that lie close together. */
function windowOver(blob: Blob): Reader {
  let from = 0
  let view = new DataView(new ArrayBuffer(0))
  return async (at, length) => {
    if (at + length > blob.size) return null
    if (at < from || at + length > from + view.byteLength) {
      from = at
      view = new DataView(await blob.slice(at, at + WINDOW).arrayBuffer())
    }
    return new DataView(view.buffer, at - from, length)
  }
}

const WINDOW = 16 * 1024
const ITEM = 0xe000fffe

async function itemAt(read: Reader, at: number): Promise<Fragment | null> {
  const head = await read(at, 8)
  if (!head || head.getUint32(0, true) !== ITEM) return null
  return { start: at + 8, length: head.getUint32(4, true) }
}

async function readOffsets(blob: Blob, { start, length }: Fragment): Promise<number[]> {
  const view = new DataView(await blob.slice(start, start + length).arrayBuffer())
  return Array.from({ length: Math.floor(view.byteLength / 4) }, (_, index) =>
    view.getUint32(index * 4, true),
  )
}

function dealt(fragments: readonly Fragment[], first: number, offsets: readonly number[]): FrameMap {
  return offsets.map((offset, frame) => {
    const from = first + offset
    const to = first + (offsets[frame + 1] ?? Number.POSITIVE_INFINITY)
    return fragments.filter(({ start }) => start - 8 >= from && start - 8 < to)
  })
}

// Without a table, a frame begins with the fragment that begins with a start of image.
async function byMarker(blob: Blob, fragments: readonly Fragment[], frames: number): Promise<FrameMap> {
  const map: Fragment[][] = []
  for (const fragment of fragments) {
    const head = new Uint8Array(await blob.slice(fragment.start, fragment.start + 2).arrayBuffer())
    const begins = head[0] === 0xff && (head[1] === 0xd8 || head[1] === 0x4f)
    if (begins) map.push([fragment])
    else map.at(-1)?.push(fragment)
  }
  if (map.length !== frames)
    throw new FrameError('corrupt', `${fragments.length} fragments for ${frames} frames`)
  return map
}
