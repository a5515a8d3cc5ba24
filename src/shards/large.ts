import { elements } from '../disc/dicom/element.ts'
import { TRANSFER_SYNTAX } from '../disc/dicom/transfer-syntax.ts'
import { type LargeForm, openLargeFile } from '../disc/large-file.ts'
import type { EncodedInstance } from './encode.ts'
import type { Encoder } from './encoder.ts'
import { codingOf, isSubsampled, type PixelForm, pixelFormOf } from './pixels.ts'
import { type FileRecord, readRecord } from './record.ts'

type Pixels = NonNullable<EncodedInstance['pixels']>
type Frame = Pixels['frames'][number]

/** An instance whose frames come as they are coded; its preview is there once they have. */
export type LargeInstance = Omit<EncodedInstance, 'pixels' | 'preview'> & {
  readonly pixels: Omit<Pixels, 'frames'> & { readonly frames: AsyncIterable<Frame> }
  preview: EncodedInstance['preview']
}

/** Frames are coded in groups of about so many bytes: our memory holds a few groups at once, whatever the file's length. */
const GROUP_BYTES = 8 * 2 ** 20

/** A single frame that is longer is not shown. */
const LONGEST_FRAME = 128 * 2 ** 20

/** What the data files of an instance may come to; those of one that is hardly smaller than its pixels may far less. */
const MOST_CODED = 512 * 2 ** 20
const MOST_INCOMPRESSIBLE = 64 * 2 ** 20
const INCOMPRESSIBLE = 0.9

/**
 * Opens a file that is too large to be held: its frames are coded group by group as they stream by, each group as a small
 * file that has these frames alone. What is compressed, or beyond the limits, is told frame by frame as too large. Null
 * where the file has no pixels that could be shown.
 */
export async function openLarge(
  stored: AsyncIterable<Uint8Array>,
  form: LargeForm,
  encoder: Encoder,
  wanted: { readonly preview: boolean },
): Promise<{ instance: LargeInstance | null; sample: Uint8Array; close: () => Promise<void> }> {
  const { sample, pieces, close } = await openLargeFile(stored, form)
  const reader = createReader(pieces)
  // With the header of the pixels, which comes right after what describes them, if it is not in it already.
  const head = await reader.take(sample.byteLength + PIXEL_HEADER)
  const record = readRecord(head)
  const pixels = pixelFormOf(record)
  if (!pixels || !record.pixelTag) return { instance: null, sample, close }
  const pixelsAt = head.byteLength - record.source.bytes.byteLength + record.pixelTag.at
  reader.giveBack(head.subarray(pixelsAt + PIXEL_HEADER))
  const instance: LargeInstance = {
    transferSyntaxUid: record.transferSyntaxUid,
    attributes: record.attributes,
    pixels: { coding: codingOf(pixels), photometric: pixels.photometric, frames: codedFrames() },
    document: null,
    preview: null,
  }
  return { instance, sample, close }

  async function* codedFrames(): AsyncGenerator<Frame> {
    const count = pixels?.frames ?? 0
    const group =
      pixels && record.transferSyntaxUid === TRANSFER_SYNTAX.explicitLittle
        ? groupOf(pixels, uint32At(head, pixelsAt + PIXEL_HEADER - 4))
        : null
    const middle = count >> 1
    let coded = 0
    for (let done = 0; done < count; ) {
      if (!group || isTooMuch(coded, done * group.frameBytes)) {
        for (; done < count; done++) yield 'too-large'
        return
      }
      const frames = Math.min(group.frames, count - done)
      const values = await reader.take(Math.ceil(frames * group.frameBytes))
      const file = fileOfFrames(head.subarray(0, pixelsAt + PIXEL_HEADER), record, frames, values)
      const preview = wanted.preview && middle >= done && middle < done + frames
      const encoded = await encoder.encode(file, { preview })
      if (encoded?.preview) instance.preview = { ...encoded.preview, frame: done + encoded.preview.frame }
      for (let index = 0; index < frames; index++, done++) {
        const frame = encoded?.pixels?.frames[index] ?? 'corrupt'
        if (typeof frame !== 'string') for (const { byteLength } of frame) coded += byteLength
        yield frame
      }
    }
  }
}

/** Tag, VR, two reserved bytes, length: of any VR that Pixel Data can have (PS3.5 §7.1.2). */
const PIXEL_HEADER = 12

const isTooMuch = (coded: number, raw: number): boolean =>
  coded > MOST_CODED || (coded > MOST_INCOMPRESSIBLE && coded > INCOMPRESSIBLE * raw)

const uint32At = (bytes: Uint8Array, at: number): number =>
  new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true)

/** How many frames are coded at once, in whole bytes; null for a single one that is too long. */
function groupOf(form: PixelForm, byteLength: number) {
  const { columns, rows, samples, bitsAllocated } = form
  const stored = isSubsampled(form, byteLength) ? 2 : samples
  const frameBytes = (columns * rows * stored * bitsAllocated) / 8
  if (frameBytes > LONGEST_FRAME) return null
  const frames = Math.max(1, Math.floor(GROUP_BYTES / frameBytes))
  // One-bit frames follow each other without padding (PS3.5 §8.1.1): eight of them are whole bytes in any case.
  return { frameBytes, frames: Number.isInteger(frameBytes) ? frames : Math.ceil(frames / 8) * 8 }
}

const NUMBER_OF_FRAMES = 0x00280008

/** A file of some frames alone, otherwise the same. */
function fileOfFrames(
  head: Uint8Array,
  { source }: FileRecord,
  frames: number,
  values: Uint8Array,
): Uint8Array {
  const file = Buffer.alloc(head.byteLength + values.byteLength)
  file.set(head)
  file.set(values, head.byteLength)
  file.writeUInt32LE(values.byteLength, head.byteLength - 4)
  const dataSetStart = source.bytes.byteOffset - head.byteOffset
  for (const { tag, start, end } of elements(source, 0, source.bytes.byteLength)) {
    if (tag < NUMBER_OF_FRAMES) continue
    // No group is larger than the whole, so its number has place where that of the whole stood; IS may be padded.
    if (tag === NUMBER_OF_FRAMES)
      file.write(String(frames).padEnd(end - start), dataSetStart + start, 'latin1')
    break
  }
  return file
}

/** Bytes of a stream by their number. */
function createReader(pieces: AsyncIterable<Uint8Array>) {
  const source = pieces[Symbol.asyncIterator]()
  let ready: Uint8Array = new Uint8Array()
  return {
    /** So many, or as many as there are. */
    async take(length: number): Promise<Uint8Array> {
      const parts = [ready.subarray(0, length)]
      let missing = length - Math.min(length, ready.byteLength)
      ready = ready.subarray(length)
      while (missing > 0) {
        const { done, value } = await source.next()
        if (done) break
        parts.push(value.subarray(0, missing))
        ready = value.subarray(missing)
        missing -= Math.min(missing, value.byteLength)
      }
      return Buffer.concat(parts)
    },
    /** They come again, before all others. */
    giveBack(bytes: Uint8Array): void {
      ready = Buffer.concat([bytes, ready])
    },
  }
}
