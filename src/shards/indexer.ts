import type { Attributes } from './attributes.ts'
import { type EncodedInstance, LONGEST_STRING } from './encode.ts'
import type { DataFile, IndexedInstance, IndexedPixels, StudyIndex } from './format.ts'
import type { LargeInstance } from './large.ts'
import type { FrameFailure } from './pixels.ts'
import { dataScript } from './script.ts'
import type { Symbols } from './symbols.ts'

type Write = (name: string, bytes: Uint8Array) => Promise<unknown>

/** Puts coded instances into data files, and notes where everything lies. */
export function createIndexer(write: Write, unreadableBefore: number) {
  const frames = createSequence('S', write)
  const previews: { string: Symbols; of: number }[] = []
  const common: Attributes[] = []
  const instances: IndexedInstance[] = []
  let ofSeries: IndexedInstance[] = []
  let unreadable = unreadableBefore

  return {
    /** The next instance of a series; null for one that no reader could make anything of. */
    async add(encoded: EncodedInstance | LargeInstance | null): Promise<void> {
      if (!encoded) {
        unreadable += 1
        return
      }
      const { transferSyntaxUid, attributes, pixels, document } = encoded
      const placed = pixels && (await place(pixels, frames))
      // Of a large instance it is there once its frames were coded.
      const { preview } = encoded
      const first = frames.next()
      for (const string of document?.strings ?? []) await frames.add(string)
      if (preview) previews.push({ string: preview.string, of: instances.length + ofSeries.length })
      ofSeries.push({
        common: common.length,
        transferSyntaxUid,
        attributes,
        ...(placed && { pixels: placed }),
        ...(preview && { preview: { ...previewFacts(preview), string: -1 } }),
        ...(document && { document: { first, strings: document.strings.length, length: document.length } }),
      })
    },
    endSeries(): void {
      const shared = inCommon(ofSeries.map(({ attributes }) => attributes))
      common.push(shared)
      for (const instance of ofSeries) {
        instances.push({ ...instance, attributes: without(instance.attributes, shared) })
      }
      ofSeries = []
    },
    /** Writes what is left; the index of all that was added. */
    async finish(): Promise<StudyIndex> {
      const shards = await frames.finish()
      const small = createSequence('P', write)
      const first = shards.reduce((sum, { lengths }) => sum + lengths.length, 0)
      for (const { string, of } of previews) {
        const at = first + (await small.add(string))
        const instance = instances[of]
        if (instance?.preview) instances[of] = { ...instance, preview: { ...instance.preview, string: at } }
      }
      return { files: [...shards, ...(await small.finish())], common, instances, unreadable }
    },
  }
}

const previewFacts = ({
  columns,
  rows,
  frame,
  coding,
  photometric,
}: NonNullable<EncodedInstance['preview']>) => ({
  columns,
  rows,
  frame,
  coding,
  photometric,
})

type Sequence = ReturnType<typeof createSequence>

/** Strings, one after the other, in files of some 600 kB. */
function createSequence(letter: string, write: Write) {
  const files: DataFile[] = []
  let strings: Symbols[] = []
  let bytes = 0
  let count = 0

  async function flush(): Promise<void> {
    if (strings.length === 0) return
    // 8.3, in capitals, as on the disc (PS3.12 §F, IHE PDI).
    const name = `${letter}${String(files.length).padStart(7, '0')}`
    files.push({ name, lengths: strings.map(({ byteLength }) => byteLength) })
    await write(name, dataScript(name, strings))
    strings = []
    bytes = 0
  }

  return {
    /** The string's number in the sequence. */
    async add(string: Symbols): Promise<number> {
      if (bytes + string.byteLength > LONGEST_STRING) await flush()
      strings.push(string)
      bytes += string.byteLength
      return count++
    },
    next: () => count,
    async finish(): Promise<DataFile[]> {
      await flush()
      return files
    },
  }
}

async function place(
  { coding, photometric, frames }: NonNullable<(EncodedInstance | LargeInstance)['pixels']>,
  sequence: Sequence,
): Promise<IndexedPixels> {
  const first = sequence.next()
  const failed: Record<string, FrameFailure> = {}
  const strings: number[] = []
  for await (const frame of frames) {
    if (typeof frame === 'string') {
      failed[strings.length] = frame
      strings.push(0)
      continue
    }
    strings.push(frame.length)
    for (const string of frame) await sequence.add(string)
  }
  return {
    coding,
    photometric,
    first,
    frames: strings.length,
    ...(strings.some((count) => count !== 1) && { strings }),
    ...(Object.keys(failed).length > 0 && { failed }),
  }
}

/** What all say alike. */
function inCommon(all: readonly Attributes[]): Attributes {
  const [first = {}, ...others] = all
  const shared = Object.entries(first).filter(([tag, value]) => {
    const text = JSON.stringify(value)
    return others.every((attributes) => JSON.stringify(attributes[tag]) === text)
  })
  return Object.fromEntries(shared)
}

const without = (attributes: Attributes, shared: Attributes): Attributes =>
  Object.fromEntries(Object.entries(attributes).filter(([tag]) => !(tag in shared)))
