import { randomSource } from '../demo-data/random.ts'

export type Dice = {
  /** A whole number from 0 to `limit` - 1. */
  below: (limit: number) => number
  pick: <T>(choices: readonly [T, ...T[]]) => T
  chance: (share: number) => boolean
  bytes: (length: number) => Buffer
}

/** Reproducible chance: the same seed gives the same cases. */
export function diceOf(seed: string): Dice {
  const random = randomSource(seed)
  const below = (limit: number) => Math.floor(random() * limit)
  return {
    below,
    pick: (choices) => choices[below(choices.length)] ?? choices[0],
    chance: (share) => random() < share,
    bytes: (length) => Buffer.from(Array.from({ length }, () => below(256))),
  }
}
