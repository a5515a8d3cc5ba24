/** A small seeded generator (mulberry32): the same seed gives the same patient on every machine. */
export function randomSource(seed: string): () => number {
  let state = 2166136261
  for (let i = 0; i < seed.length; i++) state = Math.imul(state ^ seed.charCodeAt(i), 16777619)
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

/** The side of the noise tiles: a power of two, so that offsets wrap by a mask. */
const TILE = 1024

/**
 * A wrapping tile of Gaussian noise, mean 0 and deviation 1, smoothed by boxes of `width` × `height` pixels:
 * reconstructed images have correlated noise, and white noise looks false at once.
 */
export function noiseTile(random: () => number, width: number, height: number): Float32Array {
  let tile = new Float32Array(TILE * TILE)
  for (let i = 0; i < tile.length; i++) {
    // Irwin–Hall with four terms: near enough to a normal distribution, and three times cheaper.
    tile[i] = random() + random() + random() + random() - 2
  }
  tile = boxBlur(tile, width, 1, TILE)
  tile = boxBlur(tile, height, TILE, 1)
  return normalise(tile)
}

function boxBlur(source: Float32Array, size: number, step: number, lineStep: number) {
  if (size <= 1) return source as Float32Array<ArrayBuffer>
  const result = new Float32Array(source.length)
  for (let line = 0; line < TILE; line++) {
    const base = line * lineStep
    let sum = 0
    for (let i = 0; i < size; i++) sum += source[base + i * step] ?? 0
    for (let i = 0; i < TILE; i++) {
      result[base + i * step] = sum
      sum += (source[base + ((i + size) % TILE) * step] ?? 0) - (source[base + i * step] ?? 0)
    }
  }
  return result
}

function normalise(tile: Float32Array): Float32Array {
  let sum = 0
  let squares = 0
  for (const value of tile) {
    sum += value
    squares += value * value
  }
  const mean = sum / tile.length
  const deviation = Math.sqrt(squares / tile.length - mean * mean)
  for (let i = 0; i < tile.length; i++) tile[i] = ((tile[i] ?? 0) - mean) / deviation
  return tile
}

/**
 * Noise of one slice, read from a tile at an offset that wanders with `position`: neighbours closer than one
 * unit are correlated, as slices of a volume are, and the deviation stays 1.
 */
export function sliceNoise(tile: Float32Array, seed: string, position: number) {
  const step = Math.floor(position)
  const fraction = (position - step) * (Math.PI / 2)
  const first = randomSource(`${seed}/${step}`)
  const second = randomSource(`${seed}/${step + 1}`)
  const offsetA = Math.floor(first() * TILE * TILE)
  const offsetB = Math.floor(second() * TILE * TILE)
  const weightA = Math.cos(fraction)
  const weightB = Math.sin(fraction)
  const mask = TILE * TILE - 1
  return (x: number, y: number) => {
    const at = y * TILE + x
    return (tile[(at + offsetA) & mask] ?? 0) * weightA + (tile[(at + offsetB) & mask] ?? 0) * weightB
  }
}
