import type { Outline } from './raster.ts'

export type Key = [at: number, ...values: number[]]

/** Reads a table of keyframes at any place, smoothly (Catmull–Rom): how a size changes from head to foot. */
export function keyframes(keys: Key[]): (at: number) => number[] {
  return (at) => {
    const last = keys.length - 1
    let index = 0
    while (index < last - 1 && at >= (keys[index + 1]?.[0] ?? 0)) index++
    const frame = (i: number) => keys[Math.min(last, Math.max(0, i))] ?? [0]
    const [start, ...from] = frame(index)
    const [end, ...to] = frame(index + 1)
    const t = end === start ? 0 : Math.min(1, Math.max(0, (at - start) / (end - start)))
    const before = frame(index - 1)
    const after = frame(index + 2)
    return from.map((value, i) =>
      catmullRom(before[i + 1] ?? value, value, to[i] ?? value, after[i + 1] ?? value, t),
    )
  }
}

/** A closed smooth outline through the given points. */
export function smoothOutline(points: [number, number][], steps = 6): Outline {
  const outline: Outline = []
  const at = (i: number) => points[(i + points.length) % points.length] ?? [0, 0]
  for (let i = 0; i < points.length; i++) {
    for (let step = 0; step < steps; step++) {
      const t = step / steps
      for (const axis of [0, 1] as const) {
        outline.push(catmullRom(at(i - 1)[axis], at(i)[axis], at(i + 1)[axis], at(i + 2)[axis], t))
      }
    }
  }
  return outline
}

/** An ellipse turned by `degrees` (clockwise on the screen), a little uneven when `wobble` is given. */
export function ellipse(
  x: number,
  y: number,
  a: number,
  b: number,
  degrees = 0,
  wobble: (angle: number) => number = () => 1,
): Outline {
  const outline: Outline = []
  const turn = (degrees * Math.PI) / 180
  const steps = Math.max(16, Math.min(72, Math.round(Math.max(a, b) * 2)))
  for (let i = 0; i < steps; i++) {
    const angle = (i / steps) * 2 * Math.PI
    const scale = wobble(angle)
    const px = a * scale * Math.cos(angle)
    const py = b * scale * Math.sin(angle)
    outline.push(x + px * Math.cos(turn) - py * Math.sin(turn), y + px * Math.sin(turn) + py * Math.cos(turn))
  }
  return outline
}

/** The outline pulled towards a point: 1 leaves it, 0 makes it that point. */
export function scaled(outline: Outline, x: number, y: number, factor: number): Outline {
  return outline.map((value, i) => (i % 2 === 0 ? x + (value - x) * factor : y + (value - y) * factor))
}

/** 0 before `from`, 1 after `to`, smooth between. */
export function smoothStep(from: number, to: number, value: number): number {
  const t = Math.min(1, Math.max(0, (value - from) / (to - from)))
  return t * t * (3 - 2 * t)
}

function catmullRom(p0: number, p1: number, p2: number, p3: number, t: number): number {
  const a = 2 * p1
  const b = p2 - p0
  const c = 2 * p0 - 5 * p1 + 4 * p2 - p3
  const d = -p0 + 3 * p1 - 3 * p2 + p3
  return 0.5 * (a + b * t + c * t * t + d * t * t * t)
}
