/** As it stands in a DHT segment: how many codes of each length 1–16 there are, and their symbols in order. */
export type HuffmanCode = { readonly lengths: Uint8Array; readonly symbols: Uint8Array }
export type Code = { readonly code: number; readonly size: number }

const LONGEST = 16

/** The best code for symbols that come so often, none longer than 16 bits and none of ones alone (ISO/IEC 10918-1 §K.2). */
export function huffmanCode(frequencies: ArrayLike<number>): HuffmanCode {
  const used = Array.from(frequencies, (count, symbol) => ({ count, symbol })).filter(
    ({ count }) => count > 0,
  )
  // A symbol that never comes takes the code of ones alone.
  const depths = depthsOf([...used.map(({ count }) => count), 0])
  const ofLength = new Array<number>(Math.max(LONGEST, ...depths) + 1).fill(0)
  for (const depth of depths) ofLength[depth] = (ofLength[depth] ?? 0) + 1
  shorten(ofLength)
  // The reserved one is among the longest.
  const longest = ofLength.findLastIndex((count) => count > 0)
  ofLength[longest] = (ofLength[longest] ?? 0) - 1
  const symbols = used
    .toSorted((a, b) => b.count - a.count || a.symbol - b.symbol)
    .map(({ symbol }) => symbol)
  return { lengths: Uint8Array.from(ofLength.slice(1, LONGEST + 1)), symbols: Uint8Array.from(symbols) }
}

/** Codes by symbol, counted up as §C.2 says. */
export function codesOf({ lengths, symbols }: HuffmanCode, count: number): Code[] {
  const codes = Array.from({ length: count }, (): Code => ({ code: 0, size: 0 }))
  let code = 0
  let index = 0
  for (const [position, ofLength] of lengths.entries()) {
    for (let i = 0; i < ofLength; i++) codes[symbols[index++] ?? 0] = { code: code++, size: position + 1 }
    code <<= 1
  }
  return codes
}

/** How deep each leaf lies in the tree of least weight. */
function depthsOf(counts: readonly number[]): number[] {
  const depths = counts.map(() => 0)
  let nodes = counts.map((count, leaf) => ({ count, leaves: [leaf] }))
  while (nodes.length > 1) {
    nodes.sort((a, b) => b.count - a.count)
    const [second, first] = nodes.slice(-2)
    if (!first || !second) break
    const leaves = [...second.leaves, ...first.leaves]
    for (const leaf of leaves) depths[leaf] = (depths[leaf] ?? 0) + 1
    nodes = [...nodes.slice(0, -2), { count: first.count + second.count, leaves }]
  }
  return depths
}

/** Figure K.3: pairs of codes that are too long give way to a shorter one, which becomes a prefix. */
function shorten(ofLength: number[]): void {
  const of = (length: number) => ofLength[length] ?? 0
  for (let length = ofLength.length - 1; length > LONGEST; length--) {
    while (of(length) > 0) {
      let shorter = length - 2
      while (of(shorter) === 0) shorter--
      ofLength[length] = of(length) - 2
      ofLength[length - 1] = of(length - 1) + 1
      ofLength[shorter + 1] = of(shorter + 1) + 2
      ofLength[shorter] = of(shorter) - 1
    }
  }
}
