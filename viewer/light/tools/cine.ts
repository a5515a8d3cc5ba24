import type { Viewport } from '../ui/viewport.ts'

/** Plays a stack, at its own rate where the file names one. */
export interface Cine {
  isPlaying(): boolean
  rate(): number
  setRate(perSecond: number): void
  toggle(viewport: Viewport): void
  stop(): void
}

export function createCine(onChange: () => void): Cine {
  let playing: {
    readonly viewport: Viewport
    readonly from: number
    readonly at: number
    readonly slices: unknown
  } | null = null
  let chosen: number | null = null
  let last: Viewport | null = null

  const rateOf = (viewport: Viewport | null): number => {
    const own = viewport?.current()?.image.frameTimeMs
    return chosen ?? (own ? Math.min(60, 1000 / own) : DEFAULT_RATE)
  }
  const stop = () => {
    if (!playing) return
    playing = null
    onChange()
  }
  const step = () => {
    if (!playing) return
    const { viewport, from, at, slices } = playing
    if (viewport.slices !== slices) return stop()
    const passed = Math.floor(((performance.now() - from) * rateOf(viewport)) / 1000)
    const next = (at + passed) % viewport.slices.length
    // A frame that is not there yet is waited for: a loop shall not skip what it has not shown.
    if (viewport.frame() || viewport.at === next) viewport.goTo(next)
    else playing = { ...playing, from: performance.now(), at: viewport.at }
    requestAnimationFrame(step)
  }
  return {
    isPlaying: () => playing !== null,
    rate: () => rateOf(last),
    setRate(perSecond) {
      chosen = Math.min(60, Math.max(1, perSecond))
      if (playing) playing = { ...playing, from: performance.now(), at: playing.viewport.at }
      onChange()
    },
    toggle(viewport) {
      if (playing) return stop()
      if (viewport.slices.length < 2) return
      if (last?.series !== viewport.series) chosen = null
      last = viewport
      playing = { viewport, from: performance.now(), at: viewport.at, slices: viewport.slices }
      onChange()
      requestAnimationFrame(step)
    },
    stop,
  }
}

const DEFAULT_RATE = 15
