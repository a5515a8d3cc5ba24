import { keyframes } from '../curves.ts'
import { TISSUE } from './tissues.ts'
import { type Box, ellipsoid, type LabelVolume, paint, tube, tubeBox } from './volume.ts'

// The leg's outline from below to above: half width, front, back.
const leg = keyframes([
  [-90, 50, -38, 62],
  [-50, 52, -42, 60],
  [-20, 55, -50, 52],
  [5, 57, -53, 50],
  [25, 58, -58, 51],
  [50, 60, -57, 56],
  [90, 67, -62, 66],
])

const WHOLE: Box = { x: [-90, 90], y: [-90, 90], z: [-90, 90] }

/** Skin, fat, muscles, vessels and nerves: everything that is neither bone nor joint. */
export function paintSoftParts(volume: LabelVolume, phase: number): void {
  paintLeg(volume)
  paintMuscles(volume, phase)
  paintVessels(volume)
}

// One slice at a time: the outline only depends on the height.
function paintLeg(volume: LabelVolume) {
  const { size, spacing, labels } = volume
  const place = (index: number) => (index + 0.5 - size / 2) * spacing
  for (let k = 0; k < size; k++) {
    const z = place(k)
    const [width = 0, front = 0, back = 0] = leg(z)
    const middle = (front + back) / 2
    const half = (back - front) / 2
    for (let j = 0; j < size; j++) {
      for (let i = 0; i < size; i++) {
        const x = place(i)
        const y = place(j)
        const q = ((x - 1) / width) ** 2 + ((y - middle) / half) ** 2
        if (q > 1) continue
        labels[(k * size + j) * size + i] = q > 0.945 ? TISSUE.skin : TISSUE.fat
      }
    }
  }
}

type Path = [x: number, y: number, z: number, radius: number][]

// From below to above. Where two meet, the border lies between them, so they fill their compartment.
const MUSCLES: Path[] = [
  // Vastus medialis and lateralis, and the intermedius over the femur.
  [
    [29, -20, 22, 2],
    [33, -22, 42, 14],
    [34, -18, 92, 26],
  ],
  [
    [-31, -18, 34, 2],
    [-35, -20, 52, 13],
    [-34, -18, 92, 26],
  ],
  [
    [0, -28, 60, 2],
    [0, -34, 92, 16],
  ],
  // Hamstrings: biceps on the outside; semimembranosus, semitendinosus and sartorius inside.
  [
    [-39, 30, 14, 2],
    [-36, 30, 40, 11],
    [-28, 34, 92, 24],
  ],
  [
    [24, 30, 4, 3],
    [25, 31, 36, 13],
    [20, 36, 92, 24],
  ],
  [
    [30, 38, 14, 2],
    [34, 36, 52, 8],
    [36, 32, 92, 12],
  ],
  [
    [40, 24, -8, 3],
    [43, 22, 30, 9],
    [46, 8, 92, 13],
  ],
  // The two heads of gastrocnemius, from above the joint down the calf.
  [
    [20, 38, -92, 24],
    [24, 38, -40, 20],
    [23, 36, 0, 13],
    [19, 33, 27, 4],
  ],
  [
    [-22, 38, -92, 24],
    [-23, 37, -40, 19],
    [-22, 35, 0, 12],
    [-19, 32, 25, 4],
  ],
  // Popliteus and soleus behind the tibia, the tibialis and the peroneals at its side.
  [
    [14, 14, -84, 2],
    [3, 21, -32, 11],
    [-10, 24, -8, 3],
  ],
  [
    [-4, 24, -92, 22],
    [-8, 25, -40, 9],
    [-12, 24, -30, 3],
  ],
  [
    [-26, -10, -92, 20],
    [-28, -10, -40, 14],
    [-29, -12, -20, 3],
  ],
  [
    [-42, 12, -92, 14],
    [-43, 10, -46, 9],
    [-42, 8, -28, 2],
  ],
]

const SEPTUM_MM = 0.55

function paintMuscles(volume: LabelVolume, phase: number) {
  const { size, spacing, labels } = volume
  const place = (index: number) => (index + 0.5 - size / 2) * spacing
  for (let k = 0; k < size; k++) {
    const z = place(k)
    const bellies = MUSCLES.flatMap((path) => belly(path, z))
    const deep = deepFascia(z)
    for (let j = 0; j < size; j++) {
      for (let i = 0; i < size; i++) {
        const at = (k * size + j) * size + i
        if (labels[at] !== TISSUE.fat) continue
        const label = fleshAt(bellies, deep, place(i), place(j), z, phase)
        if (label !== undefined) labels[at] = label
      }
    }
  }
}

type Belly = { x: number; y: number; radius: number }

function belly(path: Path, z: number): Belly[] {
  for (let i = 1; i < path.length; i++) {
    const [ax, ay, az, ar] = path[i - 1] ?? [0, 0, 0, 0]
    const [bx, by, bz, br] = path[i] ?? [0, 0, 0, 0]
    if (z < az || z > bz) continue
    const t = (z - az) / (bz - az)
    return [{ x: ax + (bx - ax) * t, y: ay + (by - ay) * t, radius: ar + (br - ar) * t }]
  }
  return []
}

// Flesh ends where the fat under the skin begins.
function deepFascia(z: number): (x: number, y: number) => number {
  const [width = 0, front = 0, back = 0] = leg(z)
  const middle = (front + back) / 2
  const half = (back - front) / 2
  return (x, y) => ((x - 1) / (width - 7)) ** 2 + ((y - middle) / (half - 7)) ** 2
}

function fleshAt(
  bellies: Belly[],
  deep: (x: number, y: number) => number,
  x: number,
  y: number,
  z: number,
  phase: number,
): number | undefined {
  if (deep(x, y) > 1) return undefined
  let nearest = Infinity
  let second = Infinity
  for (const { x: cx, y: cy, radius } of bellies) {
    const dx = x - cx
    const dy = y - cy
    const away = Math.sqrt(dx * dx + dy * dy) - radius
    if (away > second + 2) continue
    const distance = away - (away < 3 ? 1.6 * Math.sin(Math.atan2(dy, dx) * 3 + cx + z / 25) : 0)
    if (distance < nearest) {
      second = nearest
      nearest = distance
    } else if (distance < second) second = distance
  }
  if (nearest > 1.2) return undefined
  // A sheet of fat and fascia parts neighbours.
  if (second - nearest < 2 * SEPTUM_MM) return undefined
  if (nearest > 0.6) return TISSUE.fascia
  const strand = Math.sin(x * 0.7 + phase + z * 0.08 + y * 0.2) + Math.sin(y * 0.9 - phase + z * 0.05)
  return strand > 1.86 ? TISSUE.fat : TISSUE.muscle
}

function paintVessels(volume: LabelVolume) {
  const always = () => true
  const vessels: [Path, number][] = [
    [
      [
        [4, 22, 90, 3.4],
        [1, 30, 40, 3.4],
        [-1, 31, 0, 3.2],
        [-2, 28, -40, 2.8],
        [-2, 24, -90, 2.4],
      ],
      TISSUE.vessel,
    ],
    [
      [
        [9, 26, 90, 3.8],
        [5, 35, 40, 3.8],
        [3, 36, 0, 3.6],
        [3, 32, -40, 3],
        [3, 27, -90, 2.6],
      ],
      TISSUE.vessel,
    ],
    [
      [
        [-3, 36, 90, 3],
        [-4, 41, 40, 2.8],
        [-3, 42, 0, 2.6],
        [-3, 38, -30, 2.2],
      ],
      TISSUE.nerve,
    ],
    [
      [
        [-20, 40, 60, 2],
        [-34, 36, 20, 1.9],
        [-40, 28, -12, 1.7],
      ],
      TISSUE.nerve,
    ],
    // The great saphenous vein, in the fat under the skin.
    [
      [
        [50, 22, 90, 2],
        [50, 24, 20, 1.9],
        [44, 24, -90, 1.8],
      ],
      TISSUE.vessel,
    ],
    [
      [
        [4, 50, -90, 1.7],
        [2, 46, 0, 1.6],
      ],
      TISSUE.vessel,
    ],
  ]
  for (const [path, label] of vessels) paint(volume, tubeBox(path), tube(path), label, always)
  // Threads of connective tissue in the fat pad below the kneecap.
  const threads = ellipsoid([0, -34, -4], [16, 9, 14])
  const thread = (x: number, y: number, z: number) =>
    Math.sin(x * 0.5 + z * 0.9) + Math.sin(y * 1.1 - z * 0.4) > 1.8 ? TISSUE.fascia : TISSUE.fat
  paint(
    volume,
    { ...WHOLE, x: [-18, 18], y: [-46, -22], z: [-20, 12] },
    threads,
    thread,
    (label) => label === TISSUE.fat,
  )
}
