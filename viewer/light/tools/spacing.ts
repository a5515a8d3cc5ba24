import type { Image } from '../model/model.ts'
import { facts } from '../model/plane.ts'
import { items, number, numbers, text } from '../model/record.ts'

/** Millimetres a pixel, and what is known of them (PS3.3 §10.7.1). */
export interface Spacing {
  /** Between the centres of neighbouring columns, and of rows. */
  readonly x: number
  readonly y: number
  /** 'patient': where the image plane is; 'calibrated': corrected by a known object; 'detector': on the detector only. */
  readonly kind: 'patient' | 'calibrated' | 'detector'
}

/** The spacing for measuring between places of a frame, or null: not calibrated. */
export function spacingOf(image: Image, index: number, places: readonly Pair[]): Spacing | null {
  const [region, ...others] = places.map((place) => regionsAt(image, place))
  // From one region into another, or out of it, nothing is known of the distance between.
  if (region && others.some((other) => other.join() !== region.join())) return null
  if (region && region.length > 0) return spacingOfRegions(image, region)
  const measures = facts(image, index, '00289110')
  const plain = pair(numbers(measures, '00280030'))
  const detector = pair(numbers(image.attributes, '00181164'))
  if (plain) return { ...plain, kind: kindOf(image, plain, detector) }
  if (!detector) return null
  const magnification = number(image.attributes, '00181114')
  // Known only at the detector; with the magnification, at the patient.
  if (magnification && magnification >= 1)
    return { x: detector.x / magnification, y: detector.y / magnification, kind: 'calibrated' }
  return { ...detector, kind: 'detector' }
}

/** Height of a pixel by its width. */
export function aspectOf(image: Image, index: number): number {
  const ratio = numbers(image.attributes, '00280034')
  const spacing =
    pair(numbers(facts(image, index, '00289110'), '00280030')) ?? pair(numbers(image.attributes, '00181164'))
  if (spacing) return spacing.y / spacing.x
  const [height = 1, width = 1] = ratio
  return height > 0 && width > 0 ? height / width : 1
}

interface Pair {
  readonly x: number
  readonly y: number
}

// Row spacing comes first: the distance between rows.
function pair([y = 0, x = 0]: readonly number[]): Pair | null {
  return x > 0 && y > 0 ? { x, y } : null
}

const PROJECTIONS = new Set(['CR', 'DX', 'MG', 'XA', 'RF', 'RG', 'IO', 'PX'])

function kindOf(image: Image, plain: Pair, detector: Pair | null): Spacing['kind'] {
  if (!PROJECTIONS.has(image.modality)) return 'patient'
  const calibration = text(image.attributes, '00280A02')
  if (calibration === 'FIDUCIAL' || calibration === 'GEOMETRY') return 'calibrated'
  if (detector && near(plain.x, detector.x) && near(plain.y, detector.y)) return 'detector'
  // §10.7.1.3: differing from the Imager Pixel Spacing, it has been corrected; alone, nobody says.
  return detector ? 'calibrated' : 'detector'
}

const near = (a: number, b: number): boolean => Math.abs(a - b) < 1e-4 * b

/** Whether an image is divided into regions that measure by themselves (Sequence of Ultrasound Regions, §C.8.5.5). */
export const hasRegions = (image: Image): boolean => items(image.attributes, '00186011').length > 0

// The numbers of the regions that a place lies in: they may overlap.
function regionsAt(image: Image, { x, y }: Pair): readonly number[] {
  return items(image.attributes, '00186011').flatMap((region, at) => {
    const [x0 = 0, y0 = 0, x1 = 0, y1 = 0] = ['00186018', '0018601A', '0018601C', '0018601E'].map(
      (tag) => number(region, tag) ?? 0,
    )
    // The last column and row belong to the region (§C.8.5.5.1.1).
    return x >= x0 && x < x1 + 1 && y >= y0 && y < y1 + 1 ? [at] : []
  })
}

// Centimetres both ways (§C.8.5.5.1.15). Seconds and velocities, as of M-mode and Doppler, are no distance, whatever the
// image's own spacing says.
function spacingOfRegions(image: Image, places: readonly number[]): Spacing | null {
  const regions = items(image.attributes, '00186011')
  const found = places.map((place): Spacing | null => {
    const region = regions[place]
    const centimetres = number(region, '00186024') === 3 && number(region, '00186026') === 3
    const [dx, dy] = [number(region, '0018602C'), number(region, '0018602E')]
    if (!centimetres || !dx || !dy) return null
    return { x: Math.abs(dx) * 10, y: Math.abs(dy) * 10, kind: 'patient' }
  })
  return found.includes(null) ? null : (found[0] ?? null)
}
