import type { Image } from '../model/model.ts'
import { number, signed16 } from '../model/record.ts'

/** Stored values that are no measurement (PS3.3 §C.7.5.1.1.2), or null. */
export interface Padding {
  readonly from: number
  readonly to: number
}

export function paddingOf({ attributes, pixel }: Image): Padding | null {
  const value = number(attributes, '00280120')
  if (value === null || pixel.samplesPerPixel > 1) return null
  const limit = number(attributes, '00280121') ?? value
  const [a, b] = [signed16(value, pixel.signed), signed16(limit, pixel.signed)]
  return { from: Math.min(a, b), to: Math.max(a, b) }
}
