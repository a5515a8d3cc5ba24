/** The day of an instant where the hospital is. */
export function italianDay(instant: Date): string {
  return new Intl.DateTimeFormat('it-IT', {
    timeZone: 'Europe/Rome',
    day: '2-digit',
    month: '2-digit',
    year: 'numeric',
  }).format(instant)
}

/** A day `YYYY-MM-DD` as Italians write it. */
export const italianDate = (day: string): string => day.split('-').reverse().join('/')
