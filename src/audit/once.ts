const MOST_REMEMBERED = 20_000

/**
 * Writes what comes again and again (each frame of a study, each part of a download, each poll of a RIS) into the trail
 * once in `periodMs` for each key. What could not be written is not remembered as written.
 */
export function oncePerPeriod(periodMs: number, clock: () => Date) {
  const written = new Map<string, number>()
  return async (key: string, write: () => Promise<void>): Promise<void> => {
    const now = clock().getTime()
    if (now - (written.get(key) ?? Number.NEGATIVE_INFINITY) < periodMs) return
    if (written.size >= MOST_REMEMBERED) written.clear()
    written.set(key, now)
    try {
      await write()
    } catch (error) {
      written.delete(key)
      throw error
    }
  }
}
