import { noiseTile, randomSource, sliceNoise } from '../random.ts'
import type { LabelVolume } from './volume.ts'

/** Unit vectors along a row and along a column of an image. */
export type Plane = { row: [number, number, number]; column: [number, number, number] }

export type Scan = Plane & {
  /** Centre of the first pixel. */
  corner: number[]
  size: number
  pixel: number
  thickness: number
  signals: Float32Array
  noise: number
  key: string
}

/** The stored value of a signal of one. */
const GAIN = 620
const SAMPLES_THROUGH = 4

/** Cuts images out of a volume of tissues, as a receive coil of eight channels around the knee would see them. */
export function createScanner(volume: LabelVolume, seed: string) {
  const random = randomSource(`${seed}/scanner`)
  const grain = noiseTile(random, 5, 3)
  const noise = noiseTile(random, 2, 1)
  return {
    /** The stored values of one slice, 16 bits little endian. */
    scan(scan: Scan): Uint8Array {
      const { size } = scan
      const stored = new Uint16Array(size * size)
      const grainAt = sliceNoise(grain, `${seed}/grain/${scan.key}`, 0)
      const real = sliceNoise(noise, `${seed}/real/${scan.key}`, 0)
      const imaginary = sliceNoise(noise, `${seed}/imaginary/${scan.key}`, 0)
      for (let y = 0; y < size; y++) {
        for (let x = 0; x < size; x++) {
          const clean = sample(volume, scan, x, y)
          const signal = GAIN * clean * (1 + 0.05 * grainAt(x, y))
          // The magnitude of a complex signal: noise is Rician, and dark places are never quite black.
          const a = signal + scan.noise * real(x, y)
          const b = scan.noise * imaginary(x, y)
          stored[y * size + x] = Math.min(4095, Math.round(Math.sqrt(a * a + b * b)))
        }
      }
      return new Uint8Array(stored.buffer)
    },
  }
}

// The mean through the slice's thickness, weighed by how near the coil's elements are.
function sample(volume: LabelVolume, scan: Scan, x: number, y: number): number {
  const { row, column, corner, pixel, thickness, signals } = scan
  const [rx, ry, rz] = row
  const [cx, cy, cz] = column
  const nx = ry * cz - rz * cy
  const ny = rz * cx - rx * cz
  const nz = rx * cy - ry * cx
  const u = x * pixel
  const v = y * pixel
  const px = (corner[0] ?? 0) + u * rx + v * cx
  const py = (corner[1] ?? 0) + u * ry + v * cy
  const pz = (corner[2] ?? 0) + u * rz + v * cz
  let sum = 0
  for (let i = 0; i < SAMPLES_THROUGH; i++) {
    const offset = ((i + 0.5) / SAMPLES_THROUGH - 0.5) * thickness * 0.85
    sum += interpolate(volume, signals, px + nx * offset, py + ny * offset, pz + nz * offset)
  }
  return (sum / SAMPLES_THROUGH) * coil(px, py, pz)
}

// Surface elements: brighter near the skin, fainter at both ends of the coil.
function coil(x: number, y: number, z: number): number {
  const rim = (x * x + y * y) / 4200
  return (0.8 + 0.26 * rim + 0.001 * x - 0.0012 * y) * Math.exp(-((z / 92) ** 4))
}

function interpolate(volume: LabelVolume, signals: Float32Array, x: number, y: number, z: number): number {
  const { size, spacing, labels } = volume
  const gx = x / spacing + size / 2 - 0.5
  const gy = y / spacing + size / 2 - 0.5
  const gz = z / spacing + size / 2 - 0.5
  const ix = Math.floor(gx)
  const iy = Math.floor(gy)
  const iz = Math.floor(gz)
  if (ix < 0 || iy < 0 || iz < 0 || ix >= size - 1 || iy >= size - 1 || iz >= size - 1) return 0
  const fx = gx - ix
  const fy = gy - iy
  const fz = gz - iz
  const at = (iz * size + iy) * size + ix
  const value = (offset: number) => signals[labels[at + offset] ?? 0] ?? 0
  const line = (offset: number) => value(offset) * (1 - fx) + value(offset + 1) * fx
  const plane = (offset: number) => line(offset) * (1 - fy) + line(offset + size) * fy
  return plane(0) * (1 - fz) + plane(size * size) * fz
}
