import { ellipse, smoothStep } from '../curves.ts'
import { type Canvas, fill, fillTube, type Outline } from '../raster.ts'
import { cagePoint, HU } from './shape.ts'

type Texture = (x: number, y: number) => number

const VERTEBRA_MM = 25.5
const DISC_MM = 5

/** Vertebral column: bodies and discs by turns, the canal with the cord, and the arch behind it. */
export function drawSpine(canvas: Canvas, z: number, spongy: Texture): void {
  const growth = 1 + 0.32 * (z / 350)
  const phase = ((z + 14) % VERTEBRA_MM) / VERTEBRA_MM
  const y = spineY(z)
  // Bodies are waisted: widest at their end plates.
  const waist = 1 - 0.1 * Math.sin(Math.PI * phase)
  const a = 15.5 * growth * waist
  const b = 13 * growth * waist
  const discShare = DISC_MM / VERTEBRA_MM
  const inDisc = phase > 1 - discShare
  const heartShape = (angle: number) => 1 - 0.13 * Math.exp(-(((angle - Math.PI / 2) / 0.5) ** 2))

  drawArch(canvas, z, y, b, phase, growth, spongy)
  if (inDisc) {
    fill(canvas, ellipse(0, y, a * 1.05, b * 1.05, 0, heartShape), { value: 92 })
    fill(canvas, ellipse(0, y + 1, a * 0.6, b * 0.55), { value: 76 })
  } else {
    const endPlate = Math.max(
      smoothStep(0.07, 0, phase),
      smoothStep(1 - discShare - 0.07, 1 - discShare, phase),
    )
    fill(canvas, ellipse(0, y, a, b, 0, heartShape), { value: HU.bone })
    const marrow = HU.marrow + 330 * endPlate
    fill(canvas, ellipse(0, y, a - 1.5, b - 1.5, 0, heartShape), { value: marrow, texture: spongy })
    // The basivertebral vein leaves the back of the body at half height.
    if (Math.abs(phase - 0.4) < 0.08) fill(canvas, ellipse(0, y + b * 0.55, 1.6, b * 0.4), { value: 130 })
  }
  const canal = y + b + 7
  fill(canvas, ellipse(0, canal, 9.5 * Math.sqrt(growth), 7.5), { value: -40 })
  fill(canvas, ellipse(0, canal - 0.5, 7.6, 6.4), { value: 18 })
  fill(canvas, ellipse(0, canal - 0.5, 4.9, 3.7), { value: 42 })
}

/** How deep the middle of a vertebral body lies. */
export const spineY = (z: number) => 52 - 10 * Math.sin((Math.PI * (z - 120)) / 700)

function drawArch(
  canvas: Canvas,
  z: number,
  y: number,
  b: number,
  phase: number,
  growth: number,
  spongy: Texture,
) {
  const tubes: [number, number, number, number, number, number][] = []
  for (const side of [-1, 1]) {
    const pedicle = smoothStep(0.02, 0.12, phase) * smoothStep(0.55, 0.42, phase)
    if (pedicle > 0) tubes.push([side * 10 * growth, y + b - 2, side * 12 * growth, y + b + 10, 4.2, pedicle])
    // Articular processes, then laminae that meet in the spinous process.
    tubes.push([side * 12.5 * growth, y + b + 9, side * 13 * growth, y + b + 14, 4.6, 1])
    const lamina = smoothStep(0.2, 0.32, phase) * smoothStep(0.95, 0.85, phase)
    if (lamina > 0) tubes.push([side * 11 * growth, y + b + 14, side * 1.5, y + b + 19, 2.8, lamina])
    const transverse = smoothStep(0.05, 0.14, phase) * smoothStep(0.45, 0.36, phase)
    if (transverse > 0 && z < 300) {
      tubes.push([side * 13 * growth, y + b + 11, side * (27 + 3 * growth), y + b + 19, 4.2, transverse])
    }
  }
  const spinous = smoothStep(0.35, 0.5, phase) + smoothStep(0.25, 0.12, phase)
  if (spinous > 0.05) tubes.push([0, y + b + 19, 0, y + b + 33, 2.9, Math.min(1, spinous)])
  for (const [ax, ay, bx, by, radius, opacity] of tubes) {
    const tube = { ax, ay, az: z, bx, by, bz: z, radius }
    fillTube(canvas, tube, z, radius, { value: HU.bone, opacity })
  }
  for (const [ax, ay, bx, by, radius, opacity] of tubes) {
    const tube = { ax, ay, az: z, bx, by, bz: z, radius }
    fillTube(canvas, tube, z, radius - 1.5, { value: HU.marrow + spongy(40, 40), opacity: opacity * 0.85 })
  }
}

/** Twelve pairs of ribs that run down and forward: an axial slice cuts each as a piece of the wall. */
export function drawRibs(canvas: Canvas, z: number): void {
  for (let rib = 1; rib <= 12; rib++) {
    for (const side of [-1, 1]) drawRib(canvas, z, rib, side)
  }
}

const RIB_HALF_HEIGHT = 6.5
const RIB_SAMPLES = 160

function drawRib(canvas: Canvas, z: number, rib: number, side: number) {
  const head = 10 + (rib - 1) * VERTEBRA_MM * 0.98
  const drop = rib === 1 ? 26 : Math.min(92, 34 + 8 * rib)
  const end = rib > 10 ? 0.55 - 0.12 * (rib - 10) : 0.95
  const uneven = 2 * Math.sin(rib * 2.1 + side)
  const run: { along: number; half: number }[] = []
  for (let i = 4; i <= RIB_SAMPLES; i++) {
    const along = i / RIB_SAMPLES
    // Cartilages climb again towards the breastbone.
    const climb = rib > 4 ? 46 * smoothStep(0.74, 1, along) : 8 * smoothStep(0.74, 1, along)
    const height = head + drop * smoothStep(-0.1, 0.8, along) - climb + uneven
    const off = (z - height) / RIB_HALF_HEIGHT
    if (along <= end && Math.abs(off) < 1) run.push({ along, half: 4.1 * Math.sqrt(1 - off * off) })
    else drawRibPiece(canvas, z, side, run.splice(0))
  }
  drawRibPiece(canvas, z, side, run)
}

function drawRibPiece(canvas: Canvas, z: number, side: number, run: { along: number; half: number }[]) {
  if (run.length < 2) return
  const cartilage = (run[0]?.along ?? 0) > 0.76
  const band = (inset: number): Outline => {
    const thick = run.filter(({ half }) => half > inset)
    const face = (outwards: 1 | -1) =>
      thick.map(({ along, half }) => {
        const { x, y } = cagePoint(z, 6.2 + outwards * (half - inset), along)
        return [side * x, y]
      })
    return [...face(1), ...face(-1).toReversed()].flat()
  }
  if (cartilage) return fill(canvas, band(0), { value: HU.cartilage })
  fill(canvas, band(0), { value: HU.compactBone })
  fill(canvas, band(1.5), { value: 260 })
}

/** Breastbone, collarbones and shoulder blades. */
export function drawShoulderGirdle(canvas: Canvas, z: number, spongy: Texture): void {
  for (const side of [-1, 1]) {
    drawScapula(canvas, z, side)
    const clavicle = { ax: side * 16, ay: -58, az: 46, bx: side * 120, by: -18, bz: 4, radius: 6.5 }
    fillTube(canvas, clavicle, z, clavicle.radius, { value: HU.bone })
    fillTube(canvas, clavicle, z, clavicle.radius - 2, { value: HU.marrow })
    // Arms are raised above the head: the head of the humerus stands at the top of the scan.
    const humerus = { ax: side * 141, ay: 8, az: -12, bx: side * 138, by: 10, bz: 0, radius: 21 }
    fillTube(canvas, humerus, z, humerus.radius, { value: HU.bone })
    fillTube(canvas, humerus, z, humerus.radius - 1.8, { value: 170 + spongy(9, 9) * 0.5 })
  }
  if (z < 52 || z > 238) return
  const manubrium = z < 96
  const { y } = cagePoint(z, 7, 1)
  const width = manubrium ? 27 - (z - 52) * 0.2 : 15 + 4 * Math.sin((z - 96) / 30)
  const taper = Math.sqrt(smoothStep(50, 58, z) * smoothStep(240, 212, z))
  // A thin cleft of cartilage between manubrium and body.
  const value = Math.abs(z - 97) < 2.5 ? HU.cartilage : HU.bone
  fill(canvas, ellipse(0, y + 2, width * taper, 6.2 * taper), { value })
  fill(canvas, ellipse(0, y + 2, (width - 1.7) * taper, 4.6 * taper), { value: 150, texture: spongy })
}

function drawScapula(canvas: Canvas, z: number, side: number) {
  if (z > 168) return
  const size = smoothStep(168, 110, z)
  const inner = { x: side * (84 + 16 * (1 - size)), y: 92 }
  const outer = { x: side * (112 + 22 * size), y: 92 - 52 * size }
  const thin = { ax: inner.x, ay: inner.y, az: z, bx: outer.x, by: outer.y, bz: z, radius: 2.3 }
  fillTube(canvas, thin, z, thin.radius, { value: HU.bone + 120 })
  const edge = { ...thin, ax: outer.x, ay: outer.y, radius: 4.5 * size + 1 }
  fillTube(canvas, edge, z, edge.radius, { value: HU.bone })
  fillTube(canvas, edge, z, Math.max(0.1, edge.radius - 2), { value: HU.marrow })
  if (z < 62) {
    const spine = { ...thin, bx: side * 132, by: 74, radius: 3 }
    fillTube(canvas, spine, z, spine.radius, { value: HU.bone, opacity: smoothStep(62, 50, z) })
    const glenoid = { ...thin, ax: side * 118, ay: 34, bx: side * 116, by: 22, radius: 9 }
    const near = smoothStep(44, 30, z)
    fillTube(canvas, glenoid, z, glenoid.radius, { value: HU.bone, opacity: near })
    fillTube(canvas, glenoid, z, glenoid.radius - 2, { value: HU.marrow, opacity: near })
  }
}
