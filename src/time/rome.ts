/** A calendar day in Europe/Rome, 'YYYY-MM-DD'. */
export type Day = string

const parts = new Intl.DateTimeFormat('en-CA', {
  timeZone: 'Europe/Rome',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
})

/** The day it is in Italy at an instant, whatever the server's time zone (S49). */
export function dayInRome(instant: Date): Day {
  return wallClock(instant).slice(0, 10)
}

/** The day `count` days later. */
export function addDays(day: Day, count: number): Day {
  const date = new Date(`${day}T00:00:00Z`)
  date.setUTCDate(date.getUTCDate() + count)
  return date.toISOString().slice(0, 10)
}

/** The first instant after a day in Italy: its midnight, in summer time or not (S24). */
export function endOfDay(day: Day): Date {
  const midnight = Date.parse(`${addDays(day, 1)}T00:00:00Z`)
  // Rome is one or two hours ahead of UTC; take the offset in force at that midnight itself.
  for (const hours of [1, 2]) {
    const instant = new Date(midnight - hours * 3_600_000)
    if (wallClock(instant) === `${addDays(day, 1)}T00:00:00`) return instant
  }
  throw new RangeError(`no midnight after ${day}`)
}

function wallClock(instant: Date): string {
  const values = Object.fromEntries(parts.formatToParts(instant).map(({ type, value }) => [type, value]))
  return `${values.year}-${values.month}-${values.day}T${values.hour}:${values.minute}:${values.second}`
}
