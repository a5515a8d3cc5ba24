import { ellipse, scaled, smoothOutline, smoothStep } from '../curves.ts'
import { type Canvas, fill, fillTube, type Paint, type Tube } from '../raster.ts'
import { drawAirways } from './lungs.ts'
import { cageOutline, cagePoint, HU } from './shape.ts'
import { spineY } from './skeleton.ts'
import { ARTERIES, AZYGOS, OESOPHAGUS, TRACHEA, VEINS } from './vessels.ts'

type Texture = (x: number, y: number) => number

/** How much of each half of the cage the abdomen fills under the diaphragm: 0 above its dome, 1 at the bottom. */
export function domeShare(z: number, side: -1 | 1): number {
  const top = side < 0 ? 208 : 222
  const depth = (z - top) / (side < 0 ? 96 : 88)
  if (depth <= 0) return 0
  return depth >= 1 ? 1 : Math.sqrt(1 - (1 - depth) ** 2)
}

/** What lies under the diaphragm, painted over the lungs, which keep the rim left around it. */
export function drawAbdomen(canvas: Canvas, z: number, liverVessels: Tube[], texture: Texture): void {
  const dome = (side: -1 | 1, inner: number, paint: Paint) => {
    const half = cageOutline(z, 0, side)
    // The halves overlap a little at the midline, so that no seam shows.
    half.push(-side * 8, half.at(-1) ?? 0, -side * 8, half[1] ?? 0)
    const share = domeShare(z, side)
    if (share > 0) fill(canvas, scaled(half, side * 60, -26, share * inner), paint)
  }
  for (const side of [-1, 1] as const) dome(side, 1, { value: 52 })
  for (const side of [-1, 1] as const) dome(side, 0.982, { value: HU.fat, texture })
  if (z < 208) return
  const share = domeShare(z, -1)
  fill(canvas, scaled(liverOutline(z), -60, -26, share * 0.96), { value: HU.liver, texture })
  const organ = (
    x: number,
    y: number,
    top: number,
    bottom: number,
    a: number,
    b: number,
    paint: Paint,
    turn = 0,
  ) => drawOrgan(canvas, z, { x, y, top, bottom, a, b, turn }, paint)

  drawLeftSide(organ, texture)
  organ(18, -50, 230, 316, 66, 32, { value: HU.liver, texture }, -8)
  for (const tube of liverVessels) {
    if (domeShare(z, -1) > 0.3) fillTube(canvas, tube, z, tube.radius, { value: HU.blood - 6, opacity: 0.9 })
  }
  const behind = smoothStep(236, 262, z)
  if (behind > 0) {
    // Fat around the great vessels, and the crura of the diaphragm beside the spine.
    fill(canvas, ellipse(4, spineY(z) - 14, 42 * behind, 26 * behind), { value: HU.fat, texture })
    for (const side of [-1, 1]) {
      const crus = {
        ax: side * 16,
        ay: spineY(z) - 22,
        az: z,
        bx: side * 27,
        by: spineY(z) + 6,
        bz: z,
        radius: 3,
      }
      fillTube(canvas, crus, z, crus.radius, { value: HU.muscle, opacity: behind })
    }
  }
  for (const side of [-1, 1]) {
    organ(side * 58, 50, 302, 420, 36, 34, { value: HU.fat, texture })
    organ(side * 56, 50, side < 0 ? 312 : 304, 410, 27, 23, { value: HU.kidney + 12, texture }, side * 40)
    organ(side * 50, 46, 334, 400, 12, 10, { value: 20 }, side * 40)
  }
  organ(-38, -42, 312, 372, 15, 17, { value: HU.water })
  organ(12, 2, 306, 344, 44, 11, { value: 96, texture }, -16)
  organ(28, 10, 304, 322, 40, 4.5, { value: HU.blood }, -14)
}

// Against the ribs on the right; towards the middle a border that retreats from the kidney further down.
function liverOutline(z: number) {
  const wall = [0.22, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.88].map((along): [number, number] => {
    const { x, y } = cagePoint(z, -1, along)
    return [-x, y]
  })
  const low = smoothStep(270, 350, z)
  return smoothOutline([
    ...wall,
    [-22 - 26 * low, -84],
    [6 - 34 * low, -66],
    [4 - 40 * low, -34],
    [-12 - 30 * low, -4],
    [-28 - 44 * low, 24 - 6 * low],
    [-34 - 42 * low, 58 - 12 * low],
    [-48 - 34 * low, 74 - 10 * low],
  ])
}

type OrganPainter = (
  x: number,
  y: number,
  top: number,
  bottom: number,
  a: number,
  b: number,
  paint: Paint,
  turn?: number,
) => void

// Spleen behind, stomach before it (fluid below, air above, the patient lying), and the bend of the colon.
function drawLeftSide(organ: OrganPainter, texture: Texture) {
  organ(92, 34, 232, 338, 30, 46, { value: HU.spleen, texture }, 14)
  organ(54, -26, 238, 332, 46, 42, { value: 74, texture }, 18)
  const fluid = -36
  organ(54, -26, 241, 329, 42, 38, { value: 24, texture, below: fluid }, 18)
  organ(54, -26, 241, 329, 42, 38, { value: -990, above: fluid }, 18)
  organ(96, -34, 296, 380, 24, 30, { value: 60 }, -12)
  organ(96, -34, 298, 378, 22, 28, { value: -960, above: -30 }, -12)
  organ(96, -34, 298, 378, 22, 28, { value: -20, texture: (x, y) => 5 * texture(x, y), below: -30 }, -12)
}

type Organ = { x: number; y: number; top: number; bottom: number; a: number; b: number; turn: number }

// A rounded body: an ellipsoid cut at z, with the slow unevenness of living things.
function drawOrgan(canvas: Canvas, z: number, { x, y, top, bottom, a, b, turn }: Organ, paint: Paint) {
  const half = (bottom - top) / 2
  const off = (z - (top + half)) / half
  if (Math.abs(off) >= 1) return
  const size = Math.sqrt(1 - off * off)
  const wobble = (angle: number) =>
    1 + 0.05 * Math.sin(2 * angle + x + z / 40) + 0.035 * Math.sin(3 * angle - z / 28)
  fill(canvas, ellipse(x, y, a * size, b * size, turn, wobble), paint)
}

/** Everything between the lungs, from the neck's vessels to the hiatus. */
export function drawMediastinum(canvas: Canvas, z: number, texture: Texture): void {
  if (z < 30) drawNeck(canvas, z, texture)
  drawHeart(canvas, z, texture)
  const blood = (tubes: Tube[], value: number) => {
    for (const tube of tubes) fillTube(canvas, tube, z, tube.radius + 1, { value: HU.muscle, opacity: 0.7 })
    for (const tube of tubes) fillTube(canvas, tube, z, tube.radius, { value })
  }
  for (const tube of OESOPHAGUS) fillTube(canvas, tube, z, tube.radius, { value: 48 })
  for (const tube of OESOPHAGUS)
    fillTube(canvas, tube, z, 1.3, { value: -350, opacity: z % 60 < 26 ? 0.9 : 0 })
  blood(AZYGOS, HU.blood)
  blood(VEINS, HU.blood)
  blood(ARTERIES, HU.arterialBlood)
  drawAirways(canvas, z, TRACHEA)
}

// Chambers as ellipsoids; their long axis points to the left and to the front.
function drawHeart(canvas: Canvas, z: number, texture: Texture) {
  const chamber = (
    x: number,
    y: number,
    top: number,
    bottom: number,
    a: number,
    b: number,
    hu: number,
    turn: number,
  ) => drawOrgan(canvas, z, { x, y, top, bottom, a, b, turn }, { value: hu, texture })
  chamber(26, -30, 142, 244, 67, 47, 40, -26)
  chamber(26, -30, 143, 243, 65, 45, HU.fat, -26)
  chamber(-24, -22, 150, 238, 24, 28, HU.blood, -20)
  chamber(14, -54, 150, 240, 46, 22, HU.myocardium, -14)
  chamber(14, -54, 153, 237, 42, 18.5, HU.blood, -14)
  chamber(8, 8, 150, 202, 38, 17, HU.blood + 6, 4)
  chamber(52, -28, 156, 241, 44, 30, HU.myocardium, -34)
  chamber(50, -26, 162, 232, 33, 18.5, HU.arterialBlood, -34)
  // Papillary muscles stand in the left ventricle.
  chamber(58, -20, 196, 226, 5, 4, HU.myocardium, 0)
  chamber(60, -38, 200, 228, 5, 4, HU.myocardium, 0)
}

function drawNeck(canvas: Canvas, z: number, texture: Texture) {
  const fade = smoothStep(30, 18, z)
  fill(canvas, ellipse(0, 6, 46, 40), { value: HU.fat, texture, opacity: fade })
  for (const side of [-1, 1]) {
    fill(canvas, ellipse(side * 16, 8, 8, 13, side * 12), { value: 165, texture, opacity: fade })
    fill(canvas, ellipse(side * 36, -20, 9, 20, side * 50), { value: HU.muscle, opacity: fade })
    fill(canvas, ellipse(side * 22, 34, 12, 8), { value: HU.muscle, opacity: fade })
  }
}
