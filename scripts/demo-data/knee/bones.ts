import { TISSUE } from './tissues.ts'
import {
  type Box,
  blend,
  type Distance,
  ellipsoid,
  type LabelVolume,
  paint,
  tube,
  without,
} from './volume.ts'

export type Bones = { femur: Distance; tibia: Distance; patella: Distance }

const FEMUR_BOX: Box = { x: [-46, 46], y: [-40, 42], z: [-6, 90] }
const TIBIA_BOX: Box = { x: [-44, 44], y: [-38, 32], z: [-90, 4] }
const FIBULA_BOX: Box = { x: [-48, -18], y: [8, 38], z: [-90, -8] }
const PATELLA_BOX: Box = { x: [-26, 26], y: [-52, -28], z: [-4, 50] }

/** Femur, tibia, fibula and kneecap: a dark rim of compact bone around marrow. */
export function paintBones(volume: LabelVolume, phase: number): Bones {
  const femur = femurShape()
  const tibia = tibiaShape()
  const patella = patellaShape()
  const fibula = tube([
    [-34, 22, -17, 8.5],
    [-35, 24, -28, 7],
    [-34, 25, -50, 5.6],
    [-33, 25, -95, 5.8],
  ])
  const bone = (box: Box, shape: Distance, shaft: number) => {
    paint(volume, box, shape, (x, y, z) => {
      // Compact bone is a thin plate at the joint and thick along the shaft.
      const away = Math.min(1, Math.max(0, (Math.abs(z) - 22) / 45))
      const rim = 0.8 + shaft * away
      if (shape(x, y, z) > -rim) return TISSUE.cortex
      return marrow(x, y, z, phase)
    })
  }
  bone(FEMUR_BOX, femur, 3.4)
  bone(TIBIA_BOX, tibia, 3)
  bone(FIBULA_BOX, fibula, 1.6)
  bone(PATELLA_BOX, patella, 0)
  return { femur, tibia, patella }
}

// Fatty marrow with islands of red marrow in the femur's metaphysis, and the scar of the growth plate.
function marrow(x: number, y: number, z: number, phase: number): number {
  const scar = z > 0 ? 27 + 3 * Math.sin(x / 7 + phase) + y * 0.08 : -19 + 2 * Math.sin(x / 8 + phase)
  if (Math.abs(z - scar) < 0.55 && Math.abs(x) < 34) return TISSUE.redMarrow
  if (z > 34) {
    const patch = Math.sin(x / 6 + phase) + Math.sin(y / 5 - phase) + Math.sin(z / 8 + x / 11)
    if (patch > 1.15) return TISSUE.redMarrow
  }
  return TISSUE.marrow
}

function femurShape(): Distance {
  const shaft = tube([
    [0, -4, 20, 20],
    [0, -8, 40, 16],
    [0, -10, 62, 13.5],
    [0, -11, 100, 13],
  ])
  const medial = ellipsoid([22, 5, 18], [16.5, 31, 20])
  const lateral = ellipsoid([-22, 4, 19], [16, 30, 20])
  const trochlea = ellipsoid([-1, -16, 22], [28, 19, 18])
  const wings = ellipsoid([0, 0, 26], [38, 22, 14])
  const notch = ellipsoid([0, 18, 7], [9.5, 29, 19])
  const groove = tube([
    [0, -42, 2, 11],
    [0, -45, 26, 15],
    [0, -44, 46, 12],
  ])
  return without(without(blend(8, shaft, medial, lateral, trochlea, wings), notch), groove)
}

function tibiaShape(): Distance {
  const head = ellipsoid([0, -1, -14], [38, 25.5, 14.5])
  const shaft = tube([
    [0, -2, -18, 22],
    [0, -3, -38, 15.5],
    [2, -5, -64, 12.5],
    [3, -6, -100, 12],
  ])
  const tuberosity = ellipsoid([-2, -25, -38], [9, 8, 14])
  const body = blend(9, head, shaft, tuberosity)
  const medialSpine = ellipsoid([4.5, 2, -1.5], [2.6, 6, 6])
  const lateralSpine = ellipsoid([-4.5, 3, -2.5], [2.6, 5, 6])
  // The plateau is cut flat, a little hollow under each condyle.
  const plateau: Distance = (x, y, z) => {
    const hollow = 1.6 * Math.exp(-((Math.abs(x) - 21) ** 2 + y * y) / 130)
    return z + 4.6 + hollow - 0.06 * y
  }
  const cut: Distance = (x, y, z) => Math.max(body(x, y, z), plateau(x, y, z))
  return blend(3, cut, medialSpine, lateralSpine)
}

function patellaShape(): Distance {
  const body = ellipsoid([0, -42, 24], [21, 10, 21])
  // Two facets meet in a ridge that runs in the femur's groove.
  const facets: Distance = (x, y) => y + 35.5 + 0.32 * Math.abs(x + 2)
  return (x, y, z) => Math.max(body(x, y, z), facets(x, y, z))
}
