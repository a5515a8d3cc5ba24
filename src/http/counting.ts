const MOST_REMEMBERED = 20_000

/** Passes chunks on; tells at their end, or where nobody wants more, how many bytes were taken and whether those were all. */
export async function* counting(
  chunks: AsyncIterable<Uint8Array>,
  told: (bytes: number, isWhole: boolean) => Promise<void>,
): AsyncGenerator<Uint8Array> {
  let taken = 0
  let isWhole = false
  try {
    for await (const chunk of chunks) {
      // Whoever has it may write into its memory as soon as it is sent.
      const { byteLength } = chunk
      yield chunk
      taken += byteLength
    }
    isWhole = true
  } finally {
    await told(taken, isWhole)
  }
}

/** Adds up by key; what was long ago is forgotten. */
export function createTally() {
  const sums = new Map<string, number>()
  return {
    add(key: string, amount: number): number {
      const sum = (sums.get(key) ?? 0) + amount
      if (sums.size >= MOST_REMEMBERED) sums.clear()
      sums.set(key, sum)
      return sum
    },
  }
}
