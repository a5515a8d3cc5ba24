import type { Attributes } from '../../../src/shards/attributes.ts'
import type { Image } from '../model/model.ts'
import { facts } from '../model/plane.ts'
import { items, number, text } from '../model/record.ts'
import { type Lut, lookUp, lutOf } from './lut.ts'

/** From stored values to what the modality measures (PS3.3 §C.11.1). */
export interface Modality {
  readonly slope: number
  readonly intercept: number
  readonly lut: Lut | null
  /** 'HU', 'SUV', or empty where the file names none. */
  readonly units: string
}

export function modalityOf(image: Image, index: number): Modality {
  const group = facts(image, index, '00289145')
  const [table] = items(image.attributes, '00283000')
  const lut = table ? lutOf(table, image.pixel.signed) : null
  return {
    slope: lut ? 1 : (number(group, '00281053') ?? 1),
    intercept: lut ? 0 : (number(group, '00281052') ?? 0),
    lut,
    units: unitsOf(group, image),
  }
}

export const modalityValue = ({ slope, intercept, lut }: Modality, stored: number): number =>
  lut ? lookUp(lut, stored) : stored * slope + intercept

/** Cells hold unused bits and two's complement: this takes the value out (§C.7.6.3.1). */
export function storedValue(
  { bitsAllocated, bitsStored, highBit, signed }: Image['pixel'],
  cell: number,
): number {
  if (bitsAllocated > 32) return cell
  const shifted = cell >>> (highBit + 1 - bitsStored)
  if (bitsStored === 32) return signed ? shifted | 0 : shifted
  const value = shifted & (2 ** bitsStored - 1)
  return signed && value >= 2 ** (bitsStored - 1) ? value - 2 ** bitsStored : value
}

// CT without a Rescale Type is in Hounsfield units (§C.8.2.1.1.4).
function unitsOf(group: Attributes, image: Image): string {
  const named = text(group, '00281054') || text(items(image.attributes, '00283000')[0], '00283004')
  if (named === 'US') return ''
  if (named) return named
  const rescaled = number(group, '00281053') !== null
  const isLocalizer = (image.attributes['00080008'] ?? []).some((value) => value === 'LOCALIZER')
  return image.modality === 'CT' && rescaled && !isLocalizer ? 'HU' : ''
}
