/** A number of places that whoever comes takes in turn; what `take` gives must be called once, to leave. */
export function createSlots(count: number): { take: () => Promise<() => void> } {
  let free = count
  const waiting: (() => void)[] = []
  const leave = () => {
    const next = waiting.shift()
    if (next) next()
    else free += 1
  }
  return {
    async take() {
      if (free > 0) free -= 1
      else await new Promise<void>((done) => waiting.push(done))
      let left = false
      return () => {
        if (!left) leave()
        left = true
      }
    },
  }
}
