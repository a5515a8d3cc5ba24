/** Memory that several streams share for what they have fetched and not yet sent. */
export type ReadAheadBudget = {
  /** Bytes in use now, for tests and metrics. */
  readonly used: () => number
  readonly tryTake: (bytes: number) => boolean
  readonly giveBack: (bytes: number) => void
}

export function createReadAheadBudget(limit: number): ReadAheadBudget {
  let used = 0
  return {
    used: () => used,
    tryTake(bytes) {
      if (used + bytes > limit) return false
      used += bytes
      return true
    },
    giveBack(bytes) {
      used -= bytes
    },
  }
}

export type ReadAhead<T> = {
  /** The result of the next task, in the order of the tasks. */
  readonly next: () => Promise<T>
  /** Forgets what is under way, and aborts it. */
  readonly close: () => void
}

/**
 * Runs tasks some ahead of who asks for their results: at most `concurrency` at once, and no more bytes than
 * the budget has, but always the one that is asked for, so that a stream never waits for another.
 */
export function readAhead<Task, T>(
  tasks: readonly Task[],
  sizeOf: (task: Task) => number,
  run: (task: Task, signal: AbortSignal) => Promise<T>,
  {
    concurrency,
    budget,
    forget = () => undefined,
  }: {
    concurrency: number
    budget: ReadAheadBudget
    /** Told of each result that nobody asked for any more. */
    forget?: ((result: T) => void) | undefined
  },
): ReadAhead<T> {
  const abort = new AbortController()
  const started: { result: Promise<T>; taken: number }[] = []
  let nextTask = 0
  let giveUp: (reason: unknown) => void = () => undefined

  function start(task: Task, taken: number): void {
    const result = run(task, abort.signal)
    // Told to who asks for it; until then it must not count as unhandled.
    result.catch(() => {})
    started.push({ result, taken })
    nextTask++
  }
  function fill(): void {
    while (started.length < concurrency && !abort.signal.aborted) {
      const task = tasks[nextTask]
      if (task === undefined || !budget.tryTake(sizeOf(task))) return
      start(task, sizeOf(task))
    }
  }

  return {
    async next() {
      if (started.length === 0) {
        const task = tasks[nextTask]
        if (task === undefined) throw new Error('no task is left')
        const size = sizeOf(task)
        start(task, budget.tryTake(size) ? size : 0)
      }
      fill()
      const first = started[0]
      if (!first) throw new Error('nothing was started')
      try {
        // A task that does not heed its signal must not hold up who waits for it. Not by Promise.race with one promise
        // for all: that promise would hold on to every result.
        return await new Promise<T>((resolve, reject) => {
          giveUp = reject
          first.result.then(resolve, reject)
        })
      } finally {
        // Once only: close() may have come first.
        if (started[0] === first) {
          started.shift()
          budget.giveBack(first.taken)
        }
      }
    },
    close() {
      abort.abort()
      giveUp(abort.signal.reason)
      for (const { result, taken } of started.splice(0)) {
        budget.giveBack(taken)
        result.then(forget, () => undefined)
      }
    },
  }
}
