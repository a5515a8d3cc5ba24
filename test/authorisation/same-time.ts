/** One list of times a kind of request, in ms; `times[kind][round]`, for each round asks once of each kind. */
export type Times = Record<string, readonly number[]>

// Of a million runs of code that tells nothing, one is refused for nothing.
const ALPHA = 1e-6
const SPLITS = 500

/**
 * Whether kinds of requests take the same time, as far as can be told: what speaks against it, and what was measured.
 *
 * By ranks within each round (Friedman's test), which a busy machine does not disturb, as it slows all kinds alike; and by
 * the medians, whose difference must be less than the noise: what a kind differs by from itself, when its own times are
 * dealt at random into two halves.
 */
export function differences(
  times: Times,
  random: () => number = Math.random,
): { wrong: string[]; told: string } {
  const kinds = Object.entries(times).map(([name, all]) => ({
    name,
    median: median(all),
    noise: noiseOf(all, random),
  }))
  const chance = sameByRank(Object.values(times))
  const wrong = chance < ALPHA ? [`ranks: by chance alone only once in ${(1 / chance).toExponential(0)}`] : []
  for (const [at, a] of kinds.entries()) {
    for (const b of kinds.slice(at + 1)) {
      const [difference, noise] = [Math.abs(a.median - b.median), Math.max(a.noise, b.noise)]
      if (difference >= noise)
        wrong.push(`${a.name} and ${b.name}: ${difference.toFixed(2)} ms, noise ${noise.toFixed(2)} ms`)
    }
  }
  const medians = kinds.map(
    ({ name, median, noise }) => `${name} ${median.toFixed(2)} ms (noise ${noise.toFixed(2)})`,
  )
  return { wrong, told: `${medians.join(', ')}; ranks alike with p = ${chance.toPrecision(2)}` }
}

/** The same in any order. */
export function shuffled<Item>(items: readonly Item[], random: () => number = Math.random): Item[] {
  return items
    .map((item) => [random(), item] as const)
    .sort(([a], [b]) => a - b)
    .map(([, item]) => item)
}

/** Friedman's test of three kinds: how likely ranks like these are where all take the same time. Chi-square of two degrees. */
function sameByRank(kinds: readonly (readonly number[])[]): number {
  if (kinds.length !== 3) throw new Error('three kinds are compared')
  const rounds = kinds[0]?.length ?? 0
  const sums = kinds.map((own, kind) =>
    own.reduce((sum, time, round) => {
      const others = kinds.filter((_, other) => other !== kind).map((times) => times[round] ?? 0)
      // Equal times share their ranks.
      return sum + 1 + others.filter((t) => t < time).length + others.filter((t) => t === time).length / 2
    }, 0),
  )
  const spread = sums.reduce((sum, one) => sum + (one - 2 * rounds) ** 2, 0)
  return Math.exp(-spread / rounds / 2)
}

/** The largest difference of the medians of two halves, dealt anew each time. */
function noiseOf(times: readonly number[], random: () => number): number {
  let largest = 0
  for (let split = 0; split < SPLITS; split++) {
    const dealt = shuffled(times, random)
    const half = dealt.length >> 1
    largest = Math.max(largest, Math.abs(median(dealt.slice(0, half)) - median(dealt.slice(half))))
  }
  return largest
}

function median(times: readonly number[]): number {
  const sorted = times.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2
}
