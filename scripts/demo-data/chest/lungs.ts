import { keyframes } from '../curves.ts'
import { type Canvas, fill, fillTube, type Outline, type Tube } from '../raster.ts'
import { cageOutline, cagePoint, HU } from './shape.ts'
import { growTree, type Point } from './tree.ts'

// How far the mediastinum reaches to the right and to the left of the midline, at fixed places from the
// breastbone to the gutters beside the spine.
const STATIONS = [-110, -75, -50, -25, 0, 25, 45, 65, 100]
const rightBorder = keyframes([
  [20, 99, 99, 99, 60, 30, 18, 20, 26, 28],
  [50, 99, 40, 34, 32, 28, 22, 20, 25, 27],
  [80, 25, 18, 26, 32, 30, 24, 20, 24, 27],
  [115, 20, 10, 24, 32, 31, 24, 18, 24, 27],
  [150, 25, 10, 32, 44, 38, 24, 18, 24, 27],
  [190, 30, 24, 48, 55, 46, 24, 18, 24, 27],
  [230, 44, 46, 52, 50, 34, 20, 18, 25, 28],
  [290, 44, 46, 52, 44, 30, 20, 20, 27, 30],
])
const leftBorder = keyframes([
  [20, 99, 99, 99, 60, 30, 18, 20, 26, 28],
  [50, 99, 40, 34, 30, 28, 26, 24, 26, 28],
  [80, 25, 18, 28, 36, 43, 42, 36, 28, 28],
  [115, 20, 8, 22, 34, 40, 40, 41, 30, 28],
  [150, 25, 14, 50, 56, 42, 38, 42, 30, 28],
  [190, 30, 44, 84, 88, 70, 42, 41, 30, 28],
  [230, 46, 74, 96, 94, 64, 38, 38, 30, 29],
  [290, 46, 74, 92, 88, 50, 34, 32, 30, 30],
])

/** Fat between the lungs, in which heart and great vessels lie. */
function mediastinumOutline(z: number): Outline {
  const right = rightBorder(z)
  const left = leftBorder(z)
  const side = (border: number[], sign: number) =>
    denser(STATIONS.map((y, i) => [sign * (border[i] ?? 20), y] as [number, number]))
  return [...side(right, -1), ...side(left, 1).toReversed()].flat()
}

// The border is known at nine places: a smooth line through them, as in the keyframes.
function denser(points: [number, number][]): [number, number][] {
  const curve = keyframes(points.map(([x, y]) => [y, x]))
  const result: [number, number][] = []
  for (let y = -110; y <= 100; y += 3) result.push([curve(y)[0] ?? 0, y])
  return result
}

/** True well inside a lung: where vessels may grow. */
function inLung(z: number, x: number, y: number, dome: (z: number, side: -1 | 1) => number): boolean {
  if (z < 26 || z > 305) return false
  const side = x < 0 ? -1 : 1
  const front = cagePoint(z, 0, 1).y
  const back = cagePoint(z, 0, 0).y
  const centre = (front + back) / 2
  const width = cagePoint(z, 0, 0.5).x
  const reach = (Math.abs(x) / width) ** 2.3 + (Math.abs(y - centre) / ((back - front) / 2)) ** 2.3
  if (reach > 0.9) return false
  const border = (side < 0 ? rightBorder : leftBorder)(z)
  let station = 0
  while (station < STATIONS.length - 2 && y > (STATIONS[station + 1] ?? 0)) station++
  const medial = Math.max(border[station] ?? 0, border[station + 1] ?? 0)
  if (Math.abs(x) < medial + 4) return false
  // Below the diaphragm's dome only the rim of the cage is lung.
  const factor = dome(z, side)
  const domeReach = Math.hypot((Math.abs(x) - 62) / (width - 62), (y + 18) / 80)
  return domeReach > factor + 0.12 || factor < 0.05
}

/** Two trees a side, arteries and veins, and the airways; grown once for all slices. */
export type LungTrees = { vessels: Tube[]; airways: Tube[]; fine: Tube[] }

export function growLungs(random: () => number, dome: (z: number, side: -1 | 1) => number): LungTrees {
  const vessels: Tube[] = []
  const airways: Tube[] = []
  const fine: Tube[] = []
  for (const side of [-1, 1] as const) {
    const cloud = (count: number) => lungCloud(random, side, count, dome)
    const artery = { x: side * 40, y: 4, z: side < 0 ? 134 : 124 }
    const vein = { x: side * 34, y: 4, z: side < 0 ? 164 : 160 }
    const bronchus = { x: side * 42, y: 12, z: side < 0 ? 146 : 150 }
    vessels.push(...growTree(artery, cloud(2400), 7.6, 0.34), ...growTree(vein, cloud(2000), 7, 0.34))
    fine.push(...growTree(artery, cloud(5000), 6, 0.2).filter(({ radius }) => radius < 0.7))
    airways.push(...growTree(bronchus, cloud(420), 5.2, 0.95))
  }
  return { vessels, airways, fine }
}

function lungCloud(
  random: () => number,
  side: -1 | 1,
  count: number,
  dome: (z: number, side: -1 | 1) => number,
): Point[] {
  const points: Point[] = []
  while (points.length < count) {
    const point = { x: side * random() * 140, y: -90 + random() * 182, z: 22 + random() * 285 }
    if (inLung(point.z, point.x, point.y, dome)) points.push(point)
  }
  return points
}

/** Both lungs with their vessels and bronchi, filling the cage; later organs cover what is not lung. */
export function drawLungs(
  canvas: Canvas,
  z: number,
  trees: LungTrees,
  texture: (x: number, y: number) => number,
  soft: (x: number, y: number) => number,
): void {
  const pleura = cageOutline(z, -1)
  fill(canvas, cageOutline(z), { value: 20 })
  fill(canvas, pleura, { value: HU.lung, gradientY: 0.35, texture })
  // Breastbone first: without it the border would run on into the air before the chest.
  const front = cagePoint(z, 0, 1).y - 1
  if (z > 8) fill(canvas, mediastinumOutline(z), { value: HU.fat, texture: soft, over: -300, below: front })
  for (const tube of trees.fine) fillTube(canvas, tube, z, tube.radius, { value: -380, opacity: 0.6 })
  drawFissures(canvas, z)
  for (const tube of trees.vessels) {
    const thin = tube.radius < 1.2
    fillTube(canvas, tube, z, tube.radius, { value: thin ? 20 : HU.blood - 20, opacity: thin ? 0.9 : 1 })
  }
  drawAirways(canvas, z, trees.airways)
}

/** Walls first and lumens after, so that branches open into one another. */
export function drawAirways(canvas: Canvas, z: number, airways: Tube[]): void {
  for (const tube of airways) {
    const wall = 0.5 + 0.12 * tube.radius
    fillTube(canvas, tube, z, tube.radius + wall, { value: 20, opacity: 0.85 })
  }
  for (const tube of airways) fillTube(canvas, tube, z, tube.radius, { value: -985 })
}

// Oblique fissures descend forwards; the right lung has a horizontal one besides.
function drawFissures(canvas: Canvas, z: number) {
  for (const side of [-1, 1]) {
    const y = 66 - (z - 60) * 0.72
    if (z < 66 || z > 258) continue
    const width = cagePoint(z, 0, 0.5).x * 0.93
    for (let i = 0; i < 8; i++) {
      const at = (k: number) => 34 + (k / 8) * (width - 34)
      const bow = (k: number) => y + 9 * Math.sin((k / 8) * 2.4) - 4
      const inside = (k: number) => (at(k) / width) ** 2 + (bow(k) / 84) ** 2 < 0.95
      if (!inside(i) || !inside(i + 1)) continue
      const piece = { ax: side * at(i), ay: bow(i), az: z, bx: side * at(i + 1), by: bow(i + 1), bz: z }
      fillTube(canvas, { ...piece, radius: 0.3 }, z, 0.3, { value: -560, opacity: 0.9 })
    }
  }
}
