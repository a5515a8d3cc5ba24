import type { Vector } from './plane.ts'

export type Side = 'L' | 'R' | 'A' | 'P' | 'H' | 'F'

/** The sides a direction in the patient points to, the main one first, up to three (PS3.3 §C.7.6.1.1.1). */
export function sidesOf([x, y, z]: Vector): Side[] {
  const parts: [Side, number][] = [
    [x > 0 ? 'L' : 'R', Math.abs(x)],
    [y > 0 ? 'P' : 'A', Math.abs(y)],
    [z > 0 ? 'H' : 'F', Math.abs(z)],
  ]
  return parts
    .filter(([, size]) => size > 0.25)
    .sort(([, a], [, b]) => b - a)
    .map(([side]) => side)
}

export type PlaneName = 'axial' | 'coronal' | 'sagittal'

/** What the plane with this normal is nearest to. */
export function planeName([x, y, z]: Vector): PlaneName {
  const [ax, ay, az] = [Math.abs(x), Math.abs(y), Math.abs(z)]
  if (az >= ax && az >= ay) return 'axial'
  return ay >= ax ? 'coronal' : 'sagittal'
}
