import type { InstanceRecord } from '../../../src/shards/attributes.ts'
import type { Coding, FrameSize } from '../../../src/shards/coding.ts'
import { INDEX_NAME, type IndexedInstance, type StudyIndex } from '../../../src/shards/format.ts'
import type { DocumentSource } from '../dicom/documents.ts'
import {
  type Cells,
  type Frame,
  FrameError,
  type FrameSource,
  type Image,
  type Preview,
  type Unshown,
} from '../model/model.ts'
import { jsonOf } from './json.ts'
import { createLoader, URGENT, type WantedFrame } from './loader.ts'
import type { Transport } from './transport.ts'
import type { Decoders } from './workers.ts'

/** Draws a small copy of a frame as the viewer would draw the whole, by its default window. */
export type DrawPreview = (image: Image, index: number, small: Frame, size: FrameSize) => Preview | null

/** The data of one study: its instances, what could not be read, and where the frames come from. */
export interface ShardData {
  readonly records: readonly InstanceRecord[]
  readonly unread: readonly Unshown[]
  readonly frames: FrameSource
  readonly documents: DocumentSource
}

/** Opens the data files of one study. Its number tells its keys and its frames from those of others. */
export async function openShards(
  study: number,
  transport: Transport,
  sharedDecoders: Decoders,
  drawPreview: DrawPreview,
): Promise<ShardData> {
  const decoders = ofStudy(sharedDecoders, study)
  // Written by our own side, in the version that the script checked.
  const index = await jsonOf<StudyIndex>(await transport.loadWhole(INDEX_NAME))
  const instances = new Map(index.instances.map((instance, at) => [`${study}/${at}`, instance]))
  const records = [...instances].map(([key, { common, transferSyntaxUid, attributes }]) => ({
    key,
    transferSyntaxUid,
    attributes: { ...index.common[common], ...attributes },
  }))
  const unread = Array.from(
    { length: index.unreadable },
    (_, at): Unshown => ({
      key: `${study}/unreadable-${at}`,
      sopClassUid: '',
      title: '',
      reason: 'not-dicom',
      detail: '',
    }),
  )
  return { records, unread, ...sourcesOf(index, instances, transport, decoders, drawPreview) }
}

/** No study has as many frames: so the workers, which all studies share, never take one for another's. */
const MOST_FRAMES = 1e9

function ofStudy(decoders: Decoders, study: number): Decoders {
  const first = study * MOST_FRAMES
  return {
    keep: (frame, strings) => decoders.keep(first + frame, strings),
    drop: (frame) => decoders.drop(first + frame),
    decode: (frame, coding, size) => decoders.decode(first + frame, coding, size),
    check: (frame, coding, size) => decoders.check(first + frame, coding, size),
    reuse: decoders.reuse,
  }
}

function sourcesOf(
  index: StudyIndex,
  instances: ReadonlyMap<string, IndexedInstance>,
  transport: Transport,
  decoders: Decoders,
  drawPreview: DrawPreview,
): Pick<ShardData, 'frames' | 'documents'> {
  const { places, byFile } = placesOf(index)
  const listeners = new Set<() => void>()
  const loader = createLoader(index.files, byFile, transport, decoders, () => {
    for (const listener of listeners) listener()
  })
  const totalBytes = index.files.reduce((sum, { lengths }) => sum + lengths.reduce((a, b) => a + b, 0), 0)
  const never = new AbortController().signal

  async function load(string: number, priority: number, signal: AbortSignal): Promise<number> {
    const wanted = places.get(string)
    if (!wanted) throw new FrameError('corrupt', `string ${string}`)
    try {
      await loader.want(wanted, priority, signal)
    } catch (error) {
      if (signal.aborted) throw signal.reason
      throw new FrameError('unreachable', error instanceof Error ? error.message : '')
    }
    return wanted.number
  }
  async function decode(frame: number, coding: Coding, size: FrameSize, act = decoders.decode) {
    try {
      return await act(frame, coding, size)
    } catch (error) {
      throw new FrameError('corrupt', error instanceof Error ? error.message : '')
    }
  }

  async function loadFrame(image: Image, at: number, priority: number, signal: AbortSignal) {
    const pixels = instances.get(image.key)?.pixels
    if (!pixels) throw new FrameError('pixels-missing')
    if (at >= pixels.frames) throw new FrameError('pixels-short')
    const failure = pixels.failed?.[at]
    if (failure) throw new FrameError(failure)
    const number = await load(firstString(pixels, at), priority, signal)
    signal.throwIfAborted()
    return { ...pixels, number }
  }

  const frames: FrameSource = {
    async frame(image, at, priority, signal) {
      const { number, coding, photometric } = await loadFrame(image, at, priority, signal)
      const bytes = await decode(number, coding, image.pixel)
      if (coding.kind === 'jpeg')
        return { transferSyntaxUid: image.transferSyntaxUid, bytes: new Uint8Array(bytes) }
      return frameOf(bytes, coding, photometric, image)
    },
    async check(image, at, priority, signal) {
      const { number, coding } = await loadFrame(image, at, priority, signal)
      await decode(number, coding, image.pixel, decoders.check)
    },
    reuse({ cells }) {
      if (cells.byteLength === cells.buffer.byteLength) decoders.reuse(cells.buffer as ArrayBuffer)
    },
    async preview(image) {
      const preview = instances.get(image.key)?.preview
      if (!preview) return null
      const { string, coding, photometric, frame } = preview
      const bytes = await decode(await load(string, URGENT + 1, never), coding, preview)
      return drawPreview(image, frame, frameOf(bytes, coding, photometric, image), preview)
    },
    onProgress(listener) {
      const tell = () => listener({ loadedBytes: loader.loadedBytes, totalBytes })
      listeners.add(tell)
      return () => listeners.delete(tell)
    },
  }
  const documents: DocumentSource = (key) => {
    const document = instances.get(key)?.document
    if (!document) return null
    const { first, length } = document
    return async () =>
      new Uint8Array(
        await decode(await load(first, URGENT + 1, never), AS_IT_IS, { columns: length, rows: 1 }),
      )
  }
  return { frames, documents }
}

const AS_IT_IS: Coding = { kind: 'bytes', bytes: 1, samples: 1, signed: false, float: false }

function frameOf(bytes: ArrayBuffer, coding: Coding, photometric: string, { pixel }: Image): Frame {
  const cells = coding.kind === 'bytes' ? bitsOf(bytes, pixel.rows * pixel.columns) : cellsOf(bytes, coding)
  return { cells, planar: false, photometric }
}

// Every machine that runs a browser today is little endian, as the data is.
function cellsOf(buffer: ArrayBuffer, { bytes, float }: Coding): Cells {
  if (bytes === 8) return new Float64Array(buffer)
  if (bytes === 4) return float ? new Float32Array(buffer) : new Uint32Array(buffer)
  return bytes === 2 ? new Uint16Array(buffer) : new Uint8Array(buffer)
}

/** PS3.5 §8.1.1: the first pixel in the lowest bit. */
function bitsOf(bytes: ArrayBuffer, count: number): Uint8Array {
  const packed = new Uint8Array(bytes)
  const cells = new Uint8Array(count)
  for (let at = 0; at < count; at++) cells[at] = ((packed[at >> 3] ?? 0) >> (at & 7)) & 1
  return cells
}

function firstString({ first, strings }: { first: number; strings?: readonly number[] }, at: number): number {
  if (!strings) return first + at
  let string = first
  for (let before = 0; before < at; before++) string += strings[before] ?? 0
  return string
}

/** Every frame and preview by the number of its first string, and which lie wholly in which file. */
function placesOf({ files, instances }: StudyIndex) {
  const ofString: { file: number; at: number }[] = files.flatMap(({ lengths }, file) =>
    lengths.map((_, at) => ({ file, at })),
  )
  const places = new Map<number, WantedFrame>()
  const byFile: WantedFrame[][] = files.map(() => [])
  const add = (number: number, count: number) => {
    const parts: { file: number; from: number; to: number }[] = []
    for (const { file, at } of ofString.slice(number, number + count)) {
      const last = parts.at(-1)
      if (last?.file === file) last.to = at + 1
      else parts.push({ file, from: at, to: at + 1 })
    }
    const frame = { number, parts }
    places.set(number, frame)
    const [only] = parts
    if (parts.length === 1 && only) byFile[only.file]?.push(frame)
  }
  for (const { pixels, preview, document } of instances) {
    if (document) add(document.first, document.strings)
    if (preview) add(preview.string, 1)
    let string = pixels?.first ?? 0
    for (let at = 0; at < (pixels?.frames ?? 0); at++) {
      const count = pixels?.strings?.[at] ?? 1
      if (count > 0) add(string, count)
      string += count
    }
  }
  return { places, byFile }
}
