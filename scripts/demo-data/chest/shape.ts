import { keyframes } from '../curves.ts'
import type { Outline } from '../raster.ts'

/**
 * The chest's own coordinates, in millimetres: x to the patient's left, y to the back (both as an axial slice
 * is shown), z downwards from the lower neck (0) to the first lumbar vertebra (CHEST_LENGTH).
 */
export const CHEST_LENGTH = 350

/** X-ray attenuation in Hounsfield units, as seen in the venous phase after contrast medium. */
export const HU = {
  air: -1000,
  lung: -865,
  fat: -105,
  water: 8,
  muscle: 58,
  skin: 25,
  cartilage: 95,
  marrow: 190,
  bone: 620,
  compactBone: 980,
  myocardium: 112,
  blood: 172,
  arterialBlood: 186,
  liver: 112,
  spleen: 124,
  kidney: 178,
} as const

type Ring = { x: number; y: number }

// Half width, front, back, and how square the outline is.
const bodyKeys = keyframes([
  [0, 166, -62, 108, 2.3],
  [40, 176, -84, 111, 2.5],
  [90, 174, -100, 113, 2.6],
  [150, 168, -108, 113, 2.5],
  [220, 163, -112, 112, 2.4],
  [290, 160, -114, 110, 2.4],
  [350, 160, -112, 107, 2.4],
])
const cageKeys = keyframes([
  [0, 34, -10, 52, 2],
  [20, 58, -28, 70, 2.1],
  [50, 94, -56, 80, 2.2],
  [90, 117, -74, 86, 2.3],
  [140, 130, -84, 89, 2.3],
  [200, 137, -89, 89, 2.3],
  [260, 139, -89, 87, 2.3],
  [350, 134, -88, 81, 2.3],
])
const fatKeys = keyframes([
  [0, 9],
  [60, 9],
  [150, 11],
  [250, 15],
  [350, 19],
])

/** The skin. */
export function bodyOutline(z: number): Outline {
  return ring(bodyKeys(z), 0)
}

/** The outer face of the muscles: the skin less the fat below it. */
export function muscleOutline(z: number): Outline {
  return ring(bodyKeys(z), -(fatKeys(z)[0] ?? 10))
}

/** The inner face of the ribs, moved outwards by `margin`; `side` picks one half (−1 right, 1 left). */
export function cageOutline(z: number, margin = 0, side?: -1 | 1): Outline {
  if (side === undefined) return ring(cageKeys(z), margin)
  const half: Outline = []
  for (let i = 0; i <= 60; i++) {
    const { x, y } = cagePoint(z, margin, i / 60)
    half.push(side * x, y)
  }
  return half
}

/** A place on the left half of the cage: 0 is the back's midline, 1 the front's. */
export function cagePoint(z: number, margin: number, along: number): Ring {
  return ringPoint(cageKeys(z), margin, Math.PI / 2 - along * Math.PI)
}

function ring(keys: number[], margin: number): Outline {
  const outline: Outline = []
  for (let i = 0; i < 120; i++) {
    const angle = (i / 120) * 2 * Math.PI
    const { x, y } = ringPoint(keys, margin, angle)
    outline.push(x, y)
  }
  return outline
}

function ringPoint(
  [width = 0, front = 0, back = 0, power = 2]: number[],
  margin: number,
  angle: number,
): Ring {
  const centre = (front + back) / 2
  const height = (back - front) / 2
  const cos = Math.cos(angle)
  const sin = Math.sin(angle)
  const bend = (value: number) => Math.sign(value) * Math.abs(value) ** (2 / power)
  const x = (width + margin) * bend(cos)
  const y = centre + (height + margin) * bend(sin)
  // The furrow of the back and the shallow one over the breastbone.
  const furrow = Math.exp(-((x / 16) ** 2)) * (sin > 0 ? 6 : -3)
  return { x, y: y - furrow }
}
