import { smoothStep } from '../curves.ts'
import type { Bones } from './bones.ts'
import { TISSUE } from './tissues.ts'
import { type Distance, ellipsoid, type LabelVolume, paint, tube, tubeBox } from './volume.ts'

// Soft parts inside the joint may take the place of fat, muscle and fluid, never of bone.
const SOFT: ReadonlySet<number> = new Set([
  TISSUE.fat,
  TISSUE.muscle,
  TISSUE.fluid,
  TISSUE.fascia,
  TISSUE.vessel,
])
const onSoft = (label: number) => SOFT.has(label)

/** What lies between and around the bones' ends. */
export function paintJoint(volume: LabelVolume, bones: Bones): void {
  paintFluid(volume, bones)
  paintCartilage(volume, bones)
  paintMenisci(volume, bones)
  paintLigaments(volume)
}

function paintFluid(volume: LabelVolume, { femur, tibia }: Bones) {
  // A thin film between the bones, and a small effusion in the pouch above the kneecap.
  const space: Distance = (x, y, z) => {
    const film = Math.max(femur(x, y, z) - 3.3, tibia(x, y, z) - 3.6)
    return Math.max(film, Math.abs(x) - 38, Math.abs(y) - 28)
  }
  paint(volume, { x: [-40, 40], y: [-30, 30], z: [-10, 20] }, space, TISSUE.fluid, onSoft)
  const pouch = ellipsoid([2, -31, 52], [22, 3.6, 20])
  paint(volume, { x: [-26, 26], y: [-36, -24], z: [30, 74] }, pouch, TISSUE.fluid, onSoft)
  for (const side of [-1, 1]) {
    const gutter = ellipsoid([side * 30, -24, 24], [4, 8, 13])
    paint(volume, { x: [-36, 36], y: [-34, -14], z: [8, 40] }, gutter, TISSUE.fluid, onSoft)
  }
  const baker = ellipsoid([19, 37, 12], [4, 3, 8])
  paint(volume, { x: [12, 26], y: [32, 42], z: [2, 22] }, baker, TISSUE.fluid, onSoft)
}

function paintCartilage(volume: LabelVolume, { femur, tibia, patella }: Bones) {
  // Thickness in millimetres where a place is covered; it thins out towards the edge of its surface.
  const covered =
    (bone: Distance, thickness: Distance): Distance =>
    (x, y, z) => {
      const here = thickness(x, y, z)
      return here < 0.2 ? 1 : bone(x, y, z) - here
    }
  const condyles = covered(
    femur,
    (x, y, z) =>
      2.5 *
      smoothStep(24, 12, z - 0.25 * y) *
      smoothStep(5, 9, Math.abs(x)) *
      smoothStep(41, 35, Math.abs(x)),
  )
  paint(volume, { x: [-42, 42], y: [-40, 42], z: [-8, 30] }, condyles, TISSUE.cartilage, onSoft)
  const trochlea = covered(
    femur,
    (x, y, z) => 2.9 * smoothStep(-14, -22, y) * smoothStep(27, 20, Math.abs(x)) * smoothStep(45, 36, z),
  )
  paint(volume, { x: [-28, 28], y: [-42, -12], z: [0, 46] }, trochlea, TISSUE.cartilage, onSoft)
  const plateau = covered(
    tibia,
    (x, y, z) =>
      2.6 *
      smoothStep(-10, -6, z) *
      smoothStep(6, 9, Math.abs(x)) *
      smoothStep(26, 20, Math.hypot(Math.abs(x) - 20, y * 0.85)),
  )
  paint(volume, { x: [-42, 42], y: [-28, 28], z: [-10, 2] }, plateau, TISSUE.cartilage, onSoft)
  const facet = covered(
    patella,
    (x, y, z) =>
      3.3 * smoothStep(-43, -38, y) * smoothStep(20, 14, Math.abs(x)) * smoothStep(18, 13, Math.abs(z - 26)),
  )
  paint(volume, { x: [-22, 22], y: [-44, -26], z: [4, 46] }, facet, TISSUE.cartilage, onSoft)
}

/** Two crescents, wedges in section: thick at the rim, sharp towards the middle. */
function paintMenisci(volume: LabelVolume, { femur, tibia }: Bones) {
  const kinds: ReadonlySet<number> = new Set([...SOFT, TISSUE.cartilage])
  for (const side of [-1, 1]) {
    const centre = { x: side * 19.5, y: side > 0 ? 1 : 2 }
    const outer = side > 0 ? { a: 17.5, b: 23 } : { a: 16.5, b: 19.5 }
    const crescent: Distance = (x, y, z) => {
      const px = (x - centre.x) / outer.a
      const py = (y - centre.y) / outer.b
      const radius = Math.sqrt(px * px + py * py)
      // Open towards the middle of the knee, where the horns are fixed.
      if (px * side < -0.5 && Math.abs(py) < 0.72) return 1
      const posterior = side > 0 ? 0.5 + 0.16 * Math.max(-1, Math.min(1, -py)) : 0.54
      const depth = (radius - posterior) / (1 - posterior)
      if (depth < 0 || radius > 1) return 1
      // Between the two cartilages: it keeps clear of both bones.
      if (femur(x, y, z) < 1.9 || tibia(x, y, z) < 1.9) return 1
      return Math.abs(z + 0.6) - (0.6 + 5.2 * depth)
    }
    // The medial meniscus is torn: an oblique line in its posterior horn that reaches the lower surface.
    const label = (x: number, y: number, z: number) => {
      const torn = side > 0 && y > 13 && Math.abs(z + 1.6 - (y - 18.5) * 0.85) < 0.62 && x > 6 && x < 30
      return torn ? TISSUE.tear : TISSUE.meniscus
    }
    const box = { x: [centre.x - 19, centre.x + 19], y: [-26, 28], z: [-8, 9] }
    paint(volume, box as Parameters<typeof paint>[1], crescent, label, (kind) => kinds.has(kind))
  }
}

type Path = [x: number, y: number, z: number, radius: number][]

const CRUCIATES: Path[] = [
  // Anterior: from the lateral condyle's inner face, forwards and down to the plateau.
  [
    [-8, 16, 19, 3.6],
    [-4, 4, 9, 3.4],
    [1, -10, -2, 4],
  ],
  // Posterior: from the medial condyle, in a bow behind it.
  [
    [8, -4, 15, 4],
    [4, 14, 12, 4.2],
    [1, 24, 0, 4],
    [0, 26, -14, 3.6],
  ],
]
const BANDS: Path[] = [
  // Medial collateral, as three strands of one flat band.
  ...[-6, 0, 6].map(
    (y): Path => [
      [38.5, y + 1, 26, 1.3],
      [40.5, y, 4, 1.3],
      [38.5, y - 1, -16, 1.3],
      [27, y - 3, -48, 1],
    ],
  ),
  // Lateral collateral and the biceps' tendon meet on the fibula's head.
  [
    [-39, 4, 22, 1.7],
    [-41, 12, 2, 1.7],
    [-38, 22, -14, 1.9],
  ],
  [
    [-42, 34, 60, 2.2],
    [-43, 31, 20, 2.2],
    [-38, 25, -13, 2.2],
  ],
  // Iliotibial band.
  [
    [-45, -8, 70, 1.2],
    [-44, -12, 20, 1.3],
    [-36, -20, -12, 1.6],
  ],
]

function paintLigaments(volume: LabelVolume) {
  for (const path of CRUCIATES) {
    const body = tube(path)
    // Fibres with fat between them: the anterior one is striped.
    const striped = (x: number, y: number, z: number) =>
      path === CRUCIATES[0] && Math.sin((x * 1.2 + y * 0.5 + z * 0.4) * 2.1) > 0.55
        ? TISSUE.cruciate
        : TISSUE.ligament
    paint(volume, tubeBox(path), body, striped, onSoft)
  }
  for (const path of BANDS) paint(volume, tubeBox(path), tube(path), TISSUE.ligament, onSoft)
  // Quadriceps and patellar tendons are flat: thin from front to back, wide from side to side.
  const flat = (path: Path, width: number) => {
    const line = tube(path.map(([, y, z]) => [0, y, z, 0]))
    const half = path[0]?.[3] ?? 3
    const band: Distance = (x, y, z) => (line(0, y, z) / half) ** 2 + (x / width) ** 2 - 1
    const box = { ...tubeBox(path), x: [-width - 1, width + 1] as [number, number] }
    paint(volume, box, band, TISSUE.tendon, onSoft)
  }
  flat(
    [
      [0, -43, 42, 3.6],
      [0, -38, 62, 3.4],
      [0, -35, 90, 3],
    ],
    16,
  )
  flat(
    [
      [0, -46, 6, 2.7],
      [0, -39, -16, 2.5],
      [0, -33, -40, 2.8],
    ],
    15,
  )
}
