import { ellipse, smoothStep } from '../curves.ts'
import { noiseTile, randomSource, sliceNoise } from '../random.ts'
import { type Canvas, fill, fillTube, type Tube } from '../raster.ts'
import { drawLungs, growLungs, type LungTrees } from './lungs.ts'
import { domeShare, drawAbdomen, drawMediastinum } from './organs.ts'
import { bodyOutline, cageOutline, cagePoint, HU, muscleOutline } from './shape.ts'
import { drawRibs, drawShoulderGirdle, drawSpine } from './skeleton.ts'
import { growTree } from './tree.ts'

/** One invented patient's chest: what is grown once and cut many times. */
export type Chest = {
  seed: string
  trees: LungTrees
  liverVessels: Tube[]
  fine: Float32Array
  coarse: Float32Array
  streaks: Float32Array
}

export function createChest(seed: string): Chest {
  const random = randomSource(seed)
  const liver = Array.from({ length: 260 }, () => ({
    x: -112 + random() * 120,
    y: -70 + random() * 120,
    z: 226 + random() * 120,
  }))
  return {
    seed,
    trees: growLungs(random, domeShare),
    liverVessels: growTree({ x: -18, y: -4, z: 300 }, liver, 6, 0.9),
    fine: noiseTile(random, 2, 2),
    coarse: noiseTile(random, 7, 7),
    streaks: noiseTile(random, 90, 2),
  }
}

/** Paints the slice at `z` millimetres below the neck, in Hounsfield units, noise included. */
export function drawChestSlice(canvas: Canvas, chest: Chest, z: number): void {
  const coarse = sliceNoise(chest.coarse, `${chest.seed}/coarse`, z / 5)
  const soft = (x: number, y: number) => 4 * coarse(x, y)
  const spongy = (x: number, y: number) => 45 * coarse(x, y)
  const airy = (x: number, y: number) => 16 * coarse(x, y)

  canvas.data.fill(HU.air)
  drawTable(canvas)
  drawWall(canvas, z, soft)
  drawLungs(canvas, z, chest.trees, airy, soft)
  drawAbdomen(canvas, z, chest.liverVessels, soft)
  drawMediastinum(canvas, z, soft)
  drawSpine(canvas, z, spongy)
  drawRibs(canvas, z)
  drawShoulderGirdle(canvas, z, spongy)
  addNoise(canvas, chest, z)
}

// A curved carbon shell around foam, under the patient.
function drawTable(canvas: Canvas) {
  const curve = (depth: number) => {
    const points: number[] = []
    for (let x = -205; x <= 205; x += 5) points.push(x, 119 + depth - (x / 205) ** 2 * 26)
    return points
  }
  const between = (from: number, to: number) => {
    const upper = curve(from)
    const lower: number[] = []
    for (let i = upper.length - 2; i >= 0; i -= 2) lower.push(upper[i] ?? 0, (upper[i + 1] ?? 0) + to - from)
    return [...upper, ...lower]
  }
  fill(canvas, between(0, 26), { value: -935 })
  fill(canvas, between(0, 1.6), { value: -260 })
  fill(canvas, between(24.4, 26), { value: -260 })
}

// Muscle is marbled: where the slow noise dips, fat shows between the fibres.
function drawWall(canvas: Canvas, z: number, soft: (x: number, y: number) => number) {
  const streaky = (x: number, y: number) => {
    const marbling = soft(x, y)
    return marbling < -5 ? 14 * (marbling + 5) : marbling
  }
  fill(canvas, bodyOutline(z), { value: HU.skin })
  const skin = bodyOutline(z).map((value) => value * 0.985)
  fill(canvas, skin, { value: HU.fat, texture: soft })
  fill(canvas, muscleOutline(z), { value: HU.muscle, texture: streaky })
  drawFatPlanes(canvas, z, soft)
  fill(canvas, cageOutline(z, 10.5), { value: -70, opacity: 0.75 })
  fill(canvas, cageOutline(z, 9.5), { value: 48, texture: soft })
}

// Fat between the layers of muscle: armpits, the plane under the pectorals, the one around the back's extensors.
function drawFatPlanes(canvas: Canvas, z: number, soft: (x: number, y: number) => number) {
  const line = (points: [number, number][], radius: number, opacity: number) => {
    points.slice(1).forEach(([bx, by], i) => {
      const [ax, ay] = points[i] ?? [bx, by]
      fillTube(canvas, { ax, ay, az: z, bx, by, bz: z, radius }, z, radius, { value: HU.fat, opacity })
    })
  }
  const axilla = smoothStep(8, 50, z) * smoothStep(150, 100, z)
  for (const side of [-1, 1]) {
    if (axilla > 0) {
      const x = side * (cagePoint(z, 0, 0.5).x + 24)
      fill(canvas, ellipse(x, -12, 15 * axilla, 30 * axilla, side * -18), { value: HU.fat, texture: soft })
      for (const [dx, dy] of [
        [0, -6],
        [3, 4],
        [-4, 9],
        [2, -16],
      ] as const) {
        fill(canvas, ellipse(x + dx * side, dy - 12, 2.6, 2.3), { value: 120, opacity: axilla })
      }
    }
    const along = (margin: number, from: number, to: number) =>
      Array.from({ length: 12 }, (_, i): [number, number] => {
        const point = cagePoint(z, margin, from + ((to - from) * i) / 11)
        return [side * point.x, point.y]
      })
    const chestHigh = smoothStep(30, 60, z) * smoothStep(210, 170, z)
    line(along(13, 0.66, 0.95), 1.5, 0.8 * chestHigh)
    line(along(14.5, 0.24, 0.6), 1.4, 0.85 * smoothStep(50, 90, z))
    line(along(11, 0.05, 0.26), 1.1, 0.8)
    line(
      [
        [side * 4, 104],
        [side * 6, 80],
      ],
      0.9,
      0.7,
    )
    line(
      [
        [side * 30, 103],
        [side * 26, 88],
        [side * 32, 80],
      ],
      0.9,
      0.5,
    )
  }
}

// Noise is strongest in the middle, where the beam crosses most tissue, and at the shoulders, which also streak.
function addNoise(canvas: Canvas, chest: Chest, z: number) {
  const { size, data } = canvas
  const fine = sliceNoise(chest.fine, `${chest.seed}/fine`, z / 1.1)
  const streak = sliceNoise(chest.streaks, `${chest.seed}/streaks`, z / 1.1)
  const shoulders = smoothStep(70, 15, z)
  const half = size / 2
  for (let y = 0; y < size; y++) {
    const dy = (y - half) / half
    for (let x = 0; x < size; x++) {
      const dx = (x - half) / half
      const middle = Math.max(0, 1 - 0.9 * (dx * dx + 1.6 * dy * dy))
      const at = y * size + x
      const strength = (5 + 8 * middle) * (1 + 0.8 * shoulders)
      const streaks = shoulders > 0 ? shoulders * 11 * middle * streak(x, y) : 0
      data[at] = (data[at] ?? 0) + strength * fine(x, y) + streaks
    }
  }
}
