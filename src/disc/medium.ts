/** What a disc can be put on. */
export type Medium = 'CD' | 'DVD' | 'DVD-DL' | 'BD' | 'USB'

const CAPACITY: readonly (readonly [Medium, number])[] = [
  ['CD', 360_000 * 2048], // 80 minutes
  ['DVD', 2_295_104 * 2048],
  ['DVD-DL', 4_171_712 * 2048],
  ['BD', 12_219_392 * 2048],
]

/** The smallest medium that an image fits on. */
export function mediumFor(size: number): Medium {
  return CAPACITY.find(([, capacity]) => size <= capacity)?.[0] ?? 'USB'
}
