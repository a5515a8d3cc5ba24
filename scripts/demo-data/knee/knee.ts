import { randomSource } from '../random.ts'
import { paintBones } from './bones.ts'
import { paintJoint } from './joint.ts'
import { paintSoftParts } from './soft-parts.ts'
import { createVolume, type LabelVolume } from './volume.ts'

const SIZE = 248
const SPACING_MM = 0.68

/** One invented right knee as a volume of tissues, from the skin inwards. */
export function createKnee(seed: string): LabelVolume {
  const volume = createVolume(SIZE, SPACING_MM)
  // Small differences between patients: a phase of unevenness.
  const phase = randomSource(seed)() * 6
  paintSoftParts(volume, phase)
  const bones = paintBones(volume, phase)
  paintJoint(volume, bones)
  return volume
}
