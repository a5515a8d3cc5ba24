import type { DecodePool } from '../decode/pool.ts'
import { type Frame, FrameError, type FrameSource } from '../model/model.ts'
import type { Slice } from '../model/studies.ts'

/**
 * Frames at hand: fetched and decoded ahead, outwards from what is looked at, and let go when far and memory is short.
 * Those that are far are only brought and checked: their source keeps them as loaded until one comes near them.
 */
export interface FrameStore {
  /** What is at hand now: a frame, the reason why there is none, or null while it is on its way. */
  peek(slice: Slice): Frame | FrameError | null
  /** Fetches one frame, ahead of all that is only fetched in advance. */
  load(slice: Slice): Promise<Frame>
  /** Tells what a viewport looks at: the rest of its stack is fetched outwards from there. */
  look(viewport: object, slices: readonly Slice[], at: number): void
  /** Nothing more in advance for this viewport. */
  leave(viewport: object): void
  /** Frames of a stack that have come, be they at hand or let go since. */
  loadedOf(slices: readonly Slice[]): number
  /** Told when a frame, or a reason, has come. */
  onChange(listener: (slice: Slice) => void): () => void
}

export function createStore(source: FrameSource, pool: DecodePool, budget = MEMORY_BUDGET): FrameStore {
  const held = new Map<string, Held>()
  const seen = new Set<string>()
  const checking = new Set<string>()
  const underWay = new Map<string, Promise<Frame>>()
  // Given to somebody who may keep them: never to be written over.
  const lent = new Set<string>()
  const plans = new Map<object, Plan>()
  const listeners = new Set<(slice: Slice) => void>()
  const signal = new AbortController().signal
  let heldBytes = 0
  let running = 0

  const fetchFrame = async ({ image, index }: Slice, priority: number): Promise<Frame> => {
    const data = await source.frame(image, index, priority, signal)
    return 'cells' in data ? data : await pool.decode(data, image.pixel, priority, signal)
  }

  const start = (slice: Slice, priority: number): Promise<Frame> => {
    const key = keyOf(slice)
    const known = underWay.get(key)
    if (known) return known
    const fetched = fetchFrame(slice, priority)
    underWay.set(key, fetched)
    fetched
      .then(
        (frame) => keep(key, frame),
        (error: unknown) => keep(key, asFrameError(error)),
      )
      .finally(() => {
        underWay.delete(key)
        for (const listener of listeners) listener(slice)
      })
    return fetched
  }

  const keep = (key: string, value: Frame | FrameError) => {
    const bytes = value instanceof FrameError ? 0 : value.cells.byteLength
    held.set(key, { value, bytes })
    seen.add(key)
    heldBytes += bytes
    if (heldBytes > budget) release()
  }

  // The farthest from what any viewport looks at go first; what is fetched in advance never, or it would be again at once.
  const release = () => {
    const distance = new Map<string, number>()
    for (const { slices, at } of plans.values())
      for (const [place, slice] of slices.entries()) {
        const key = keyOf(slice)
        distance.set(key, Math.min(distance.get(key) ?? FAR, Math.abs(place - at)))
      }
    for (const plan of plans.values())
      for (const { around } of outwards(plan, (budget * NEAR) / plans.size))
        for (const slice of around) distance.set(keyOf(slice), 0)
    const byDistance = [...held].sort(([a], [b]) => (distance.get(b) ?? FAR) - (distance.get(a) ?? FAR))
    for (const [key, { value, bytes }] of byDistance) {
      if (heldBytes <= budget * 0.9) return
      if ((distance.get(key) ?? FAR) === 0) return
      held.delete(key)
      heldBytes -= bytes
      if (!(value instanceof FrameError) && !lent.has(key)) source.reuse?.(value)
    }
  }

  const checkFrame = async (slice: Slice, priority: number): Promise<void> => {
    const key = keyOf(slice)
    checking.add(key)
    try {
      await source.check?.(slice.image, slice.index, priority, signal)
      seen.add(key)
    } catch (error) {
      if (!held.has(key)) keep(key, asFrameError(error))
    }
    checking.delete(key)
    for (const listener of listeners) listener(slice)
  }

  const pump = () => {
    while (running < AT_ONCE) {
      const near = nextOf(plans, budget * NEAR, (slice) => {
        const key = keyOf(slice)
        return held.has(key) || underWay.has(key)
      })
      const next = near ?? (source.check && nextOf(plans, budget * FAR_AHEAD, isKnown))
      if (!next) return
      running++
      const done = () => {
        running--
        pump()
      }
      const act = near ? start : checkFrame
      act(next.slice, next.priority).then(done, done)
    }
  }
  const isKnown = (slice: Slice): boolean => {
    const key = keyOf(slice)
    return seen.has(key) || underWay.has(key) || checking.has(key)
  }
  // With nothing else to do, the first picture comes sooner, and is drawn sooner.
  let isBegun = false
  const begin = (first: Promise<unknown>) => {
    isBegun = true
    const begun = () => setTimeout(pump, AFTER_FIRST_MS)
    first.then(begun, begun)
  }

  return {
    peek: (slice) => held.get(keyOf(slice))?.value ?? null,
    async load(slice) {
      lent.add(keyOf(slice))
      const known = held.get(keyOf(slice))?.value
      if (known instanceof FrameError) throw known
      return known ?? start(slice, 0)
    },
    look(viewport, slices, at) {
      plans.set(viewport, { slices, at })
      const current = slices[at]
      const first = current && !held.has(keyOf(current)) ? start(current, 0) : Promise.resolve()
      first.catch(() => {})
      if (!isBegun) begin(first)
      else pump()
    },
    leave(viewport) {
      plans.delete(viewport)
    },
    loadedOf: (slices) => slices.reduce((sum, slice) => sum + Number(seen.has(keyOf(slice))), 0),
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

export const keyOf = ({ image, index }: Slice): string => `${image.key}#${index}`

interface Held {
  readonly value: Frame | FrameError
  readonly bytes: number
}

interface Plan {
  readonly slices: readonly Slice[]
  readonly at: number
}

const MIB = 1024 * 1024
// A CT's slice takes half a MiB.
const MEMORY_BUDGET = 64 * MIB
/** What is held at hand: not all of the budget, or what is let go would be fetched again at once. */
const NEAR = 0.85
/** What is fetched in advance to be kept as loaded, so that the road to it is not in the way later: 1400 slices. */
const FAR_AHEAD = 9
const AT_ONCE = 6
const AFTER_FIRST_MS = 60
const FAR = Number.MAX_SAFE_INTEGER

// Outwards from where each viewport is, as far as memory holds.
function nextOf(plans: ReadonlyMap<object, Plan>, budget: number, isKnown: (slice: Slice) => boolean) {
  let best: { slice: Slice; priority: number } | null = null
  for (const plan of plans.values())
    for (const { distance, around } of outwards(plan, budget / plans.size)) {
      if (best && distance >= best.priority) break
      const slice = around.find((one) => !isKnown(one))
      if (!slice) continue
      best = { slice, priority: distance }
      break
    }
  return best
}

/** The slices of a stack that fit into so many bytes, from where one looks. */
function* outwards({ slices, at }: Plan, bytes: number) {
  let room = bytes / bytesOf(slices[at])
  for (let distance = 0; distance < slices.length && room >= 1; distance++) {
    const both = distance === 0 ? [slices[at]] : [slices[at + distance], slices[at - distance]]
    const around = both.filter((slice) => slice !== undefined)
    yield { distance, around }
    room -= around.length
  }
}

function bytesOf(slice: Slice | undefined): number {
  if (!slice) return 1
  const { rows, columns, samplesPerPixel, bitsAllocated } = slice.image.pixel
  return rows * columns * samplesPerPixel * Math.max(1, bitsAllocated / 8)
}

const asFrameError = (error: unknown): FrameError =>
  error instanceof FrameError ? error : new FrameError('corrupt', String(error))
