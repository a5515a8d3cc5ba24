import type { DataFile } from '../../../src/shards/format.ts'
import type { Loaded, Transport } from './transport.ts'

/** Brings strings of the data files to whoever asks, most urgent first, each at most once. */
export interface Loader {
  /** Resolves when the frame's strings were handed to `keep`. Lower `priority` first. */
  want(frame: WantedFrame, priority: number, signal: AbortSignal): Promise<void>
  /** Bytes of data files brought so far. */
  readonly loadedBytes: number
}

/** A frame, and the strings of a file that it is: several files only where it is longer than one. */
export interface WantedFrame {
  readonly number: number
  readonly parts: readonly { readonly file: number; readonly from: number; readonly to: number }[]
}

type Request = {
  frame: WantedFrame
  priority: number
  done: () => void
  failed: (error: unknown) => void
}

/** The priority of what is being looked at. */
export const URGENT = 0

/** Who keeps the strings of frames that were brought. */
export interface Keeper {
  keep(frame: number, strings: Loaded): void
  drop(frame: number): void
}

/** `framesOf` are the frames that lie wholly in each file, in their order. */
export function createLoader(
  files: readonly DataFile[],
  framesOf: readonly (readonly WantedFrame[])[],
  transport: Transport,
  keeper: Keeper,
  loaded: () => void,
  mostKept = MOST_KEPT_BYTES,
): Loader {
  // With their bytes, the one longest unused first.
  const kept = new Map<number, number>()
  let keptBytes = 0
  const waiting = new Map<number, Request[]>()
  const underWay = new Set<number>()
  const busyFiles = new Set<number>()
  let running = 0
  let urgent = 0
  let loadedBytes = 0

  const settle = (number: number, act: (request: Request) => void) => {
    const requests = waiting.get(number) ?? []
    waiting.delete(number)
    underWay.delete(number)
    for (const request of requests) act(request)
  }
  const arrived = (number: number, strings: Loaded) => {
    if (!kept.has(number)) {
      const bytes = strings.reduce((sum, string) => sum + lengthOf(string), 0)
      keeper.keep(number, strings)
      kept.set(number, bytes)
      keptBytes += bytes
      release(number)
    }
    settle(number, ({ done }) => done())
  }
  const release = (latest: number) => {
    for (const [number, bytes] of kept) {
      if (keptBytes <= mostKept || number === latest) return
      keeper.drop(number)
      kept.delete(number)
      keptBytes -= bytes
    }
  }

  function pump(): void {
    while (running < transport.atOnce) {
      const next = mostUrgent()
      if (!next) return
      const isUrgent = next.priority <= URGENT
      // On a slow line, what is looked at does not share it with what may be looked at later.
      if (transport.partial && urgent > 0 && !isUrgent) return
      running += 1
      urgent += Number(isUrgent)
      void run(next).finally(() => {
        running -= 1
        urgent -= Number(isUrgent)
        loaded()
        pump()
      })
    }
  }

  function mostUrgent(): Request | null {
    let best: Request | null = null
    for (const [number, requests] of waiting) {
      if (underWay.has(number)) continue
      const [first] = requests
      if (!first || first.frame.parts.some(({ file }) => busyFiles.has(file))) continue
      for (const request of requests) if (!best || request.priority < best.priority) best = request
    }
    return best
  }

  async function run({ frame, priority }: Request): Promise<void> {
    const [only] = frame.parts
    if (frame.parts.length === 1 && only) return runFile(only.file, frame, priority)
    underWay.add(frame.number)
    try {
      const strings: Loaded[number][] = []
      for (const { file, from, to } of frame.parts) {
        const of = files[file]
        if (of) strings.push(...(await transport.load(of, from, to)))
        loadedBytes += bytesBetween(of, from, to)
      }
      arrived(frame.number, strings)
    } catch (error) {
      settle(frame.number, ({ failed }) => failed(error))
    }
  }

  /** The frames of one file that are waited for, in one go; all of its frames where it comes whole. */
  async function runFile(file: number, asked: WantedFrame, priority: number): Promise<void> {
    const of = files[file]
    const inFile = framesOf[file] ?? []
    const wanted = !transport.partial
      ? inFile.filter(({ number }) => !kept.has(number))
      : priority <= URGENT
        ? [asked]
        : neighbours(inFile, asked)
    const from = Math.min(...wanted.map(({ parts }) => parts[0]?.from ?? 0))
    const to = Math.max(...wanted.map(({ parts }) => parts[0]?.to ?? 0))
    for (const { number } of wanted) underWay.add(number)
    if (!transport.partial) busyFiles.add(file)
    try {
      if (!of) throw new Error('no such file')
      const strings = await transport.load(of, from, to)
      loadedBytes += bytesBetween(of, from, to)
      for (const { number, parts } of wanted) {
        const part = parts[0]
        if (part) arrived(number, strings.slice(part.from - from, part.to - from))
      }
    } catch (error) {
      for (const { number } of wanted) settle(number, ({ failed }) => failed(error))
    } finally {
      busyFiles.delete(file)
    }
  }

  // Those next to the asked one that are waited for as well: one request for all, but none for what nobody asked.
  function neighbours(inFile: readonly WantedFrame[], asked: WantedFrame): WantedFrame[] {
    const middle = inFile.findIndex(({ number }) => number === asked.number)
    const isWaited = (at: number) => {
      const number = inFile[at]?.number
      return number !== undefined && waiting.has(number) && !underWay.has(number)
    }
    let from = middle
    let to = middle + 1
    while (isWaited(from - 1)) from -= 1
    while (isWaited(to)) to += 1
    return inFile.slice(from, to)
  }

  return {
    get loadedBytes() {
      return loadedBytes
    },
    want(frame, priority, signal) {
      const bytes = kept.get(frame.number)
      if (bytes !== undefined) {
        kept.delete(frame.number)
        kept.set(frame.number, bytes)
        return Promise.resolve()
      }
      return new Promise((done, failed) => {
        signal.throwIfAborted()
        const request: Request = { frame, priority, done, failed }
        waiting.set(frame.number, [...(waiting.get(frame.number) ?? []), request])
        signal.addEventListener('abort', () => {
          const left = waiting.get(frame.number)?.filter((other) => other !== request) ?? []
          if (left.length > 0) waiting.set(frame.number, left)
          else if (!underWay.has(frame.number)) waiting.delete(frame.number)
          failed(signal.reason)
        })
        // A moment later, so that what is asked for together is loaded together.
        queueMicrotask(pump)
      })
    },
  }
}

// As loaded, a frame takes a third of its size: this is a series of 1400 slices of a CT. What goes is brought again.
const MOST_KEPT_BYTES = 256 * 2 ** 20

const lengthOf = (string: Loaded[number]): number =>
  typeof string === 'string' ? string.length : string.byteLength

const bytesBetween = (file: DataFile | undefined, from: number, to: number): number =>
  (file?.lengths ?? []).slice(from, to).reduce((sum, length) => sum + length, 0)
