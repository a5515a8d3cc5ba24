import type { Samples } from './decode.ts'
import { PixelError } from './errors.ts'

/** How values become greys (PS3.3 §C.11.2.1.2, §C.11.2.1.3). */
export type Voi = {
  readonly center: number
  readonly width: number
  readonly kind: 'linear' | 'linear-exact' | 'sigmoid'
}

/** How a frame is to be drawn. Without `voi`: from its lowest value to its highest. */
export type Drawing = {
  readonly slope: number
  readonly intercept: number
  readonly voi: Voi | null
  /** The picture fits into it, its proportions kept; null: as large as the frame. */
  readonly viewport: { readonly width: number; readonly height: number } | null
}

/** A picture for people: 8 bits a sample, grey or RGB by pixel. */
export type Drawn = {
  readonly width: number
  readonly height: number
  readonly components: 1 | 3
  readonly bytes: Uint8Array
}

/** Draws decoded samples. PixelError of those that are no greys and no RGB. */
export function draw(samples: Samples, how: Drawing): Drawn {
  const { rows, columns, samplesPerPixel, photometric } = samples
  const isGrey = samplesPerPixel === 1 && /^MONOCHROME[12]$/.test(photometric)
  const isColour = samplesPerPixel === 3 && /^(?:RGB|YBR_FULL)$/.test(photometric)
  if (!isGrey && !(isColour && samples.bitsAllocated === 8))
    throw new PixelError('unsupported', `drawing ${photometric} of ${samples.bitsAllocated} bits`)
  const bytes = isGrey ? greys(samples, how) : colours(samples)
  const whole = { width: columns, height: rows, components: isGrey ? (1 as const) : (3 as const), bytes }
  return how.viewport ? fitted(whole, how.viewport) : whole
}

function greys(samples: Samples, { slope, intercept, voi }: Drawing): Uint8Array {
  const values = valuesOf(samples)
  for (let index = 0; index < values.length; index++) values[index] = (values[index] ?? 0) * slope + intercept
  const grey = greyBy(voi ?? wholeRange(values))
  const isInverse = samples.photometric === 'MONOCHROME1'
  // Clamped and rounded, as the array does by itself.
  const bytes = new Uint8ClampedArray(values.length)
  for (let index = 0; index < values.length; index++) {
    const shade = grey(values[index] ?? 0) * 255
    bytes[index] = isInverse ? 255 - shade : shade
  }
  return new Uint8Array(bytes.buffer)
}

function wholeRange(values: Float64Array): Voi {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const value of values) {
    if (value < low) low = value
    if (value > high) high = value
  }
  return { center: (low + high) / 2, width: Math.max(high - low, Number.EPSILON), kind: 'linear-exact' }
}

/** From a value to 0…1, or beyond, which is clamped. */
function greyBy({ center, width, kind }: Voi): (value: number) => number {
  if (kind === 'sigmoid') return (value) => 1 / (1 + Math.exp((-4 * (value - center)) / width))
  if (kind === 'linear-exact') return (value) => (value - center) / width + 0.5
  // PS3.3 §C.11.2.1.2.1: a width of one is a threshold.
  if (width <= 1) return (value) => (value > center - 0.5 ? 1 : 0)
  return (value) => (value - (center - 0.5)) / (width - 1) + 0.5
}

/** Values as numbers: masked, shifted and sign-extended. */
function valuesOf({ bytes, bitsAllocated, bitsStored, highBit, signed, float }: Samples): Float64Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const size = bitsAllocated / 8
  const read: Record<number, (at: number) => number> = float
    ? { 4: (at) => view.getFloat32(at, true), 8: (at) => view.getFloat64(at, true) }
    : {
        1: (at) => view.getUint8(at),
        2: (at) => view.getUint16(at, true),
        4: (at) => view.getUint32(at, true),
      }
  const stored = read[size]
  if (!stored) throw new PixelError('unsupported', `drawing ${bitsAllocated} bits`)
  const [above, below] = [32 - highBit - 1, 32 - bitsStored]
  const value = float
    ? stored
    : signed
      ? (at: number) => (stored(at) << above) >> below
      : (at: number) => ((stored(at) << above) >>> 0) >>> below
  return Float64Array.from({ length: Math.floor(bytes.byteLength / size) }, (_, index) => value(index * size))
}

function colours({ bytes, photometric }: Samples): Uint8Array {
  if (photometric === 'RGB') return bytes
  // PS3.3 §C.7.6.3.1.2
  const rgb = new Uint8ClampedArray(bytes.byteLength)
  for (let at = 0; at + 2 < bytes.byteLength; at += 3) {
    const [y = 0, cb = 0, cr = 0] = [bytes[at], (bytes[at + 1] ?? 0) - 128, (bytes[at + 2] ?? 0) - 128]
    rgb[at] = y + 1.402 * cr
    rgb[at + 1] = y - 0.344136 * cb - 0.714136 * cr
    rgb[at + 2] = y + 1.772 * cb
  }
  return new Uint8Array(rgb.buffer)
}

/** Larger by a whole factor, until it is no smaller than `least` each way. */
export function enlarged(drawn: Drawn, least: number): Drawn {
  const factor = Math.ceil(least / Math.min(drawn.width, drawn.height))
  if (factor <= 1) return drawn
  return fitted(drawn, { width: drawn.width * factor, height: drawn.height * factor })
}

/** As large as fits: each pixel the mean of those it covers, or the nearest. */
function fitted(whole: Drawn, viewport: { width: number; height: number }): Drawn {
  const { components, bytes } = whole
  const scale = Math.min(viewport.width / whole.width, viewport.height / whole.height)
  const width = Math.max(1, Math.round(whole.width * scale))
  const height = Math.max(1, Math.round(whole.height * scale))
  const out = new Uint8ClampedArray(width * height * components)
  const span = (index: number, to: number, from: number): [number, number] => {
    const start = Math.min(from - 1, Math.floor((index * from) / to))
    return [start, Math.max(start + 1, Math.min(from, Math.floor(((index + 1) * from) / to)))]
  }
  for (let y = 0; y < height; y++) {
    const [top, bottom] = span(y, height, whole.height)
    for (let x = 0; x < width; x++) {
      const [left, right] = span(x, width, whole.width)
      for (let component = 0; component < components; component++) {
        let sum = 0
        for (let line = top; line < bottom; line++)
          for (let column = left; column < right; column++)
            sum += bytes[(line * whole.width + column) * components + component] ?? 0
        out[(y * width + x) * components + component] = sum / ((bottom - top) * (right - left))
      }
    }
  }
  return { width, height, components, bytes: new Uint8Array(out.buffer) }
}
