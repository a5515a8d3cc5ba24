import type { Durations } from '../messages/it/durations.ts'

const ROME_DAY = new Intl.DateTimeFormat('it-IT', {
  timeZone: 'Europe/Rome',
  day: '2-digit',
  month: '2-digit',
  year: 'numeric',
})
const ROME_TIME = new Intl.DateTimeFormat('it-IT', {
  timeZone: 'Europe/Rome',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
})

/** A calendar day, 'YYYY-MM-DD', as gg/mm/aaaa. No instant is involved, so no time zone can shift it. */
export function formatDay(day: string): string {
  const [year, month, date] = day.split('-')
  return `${date}/${month}/${year}`
}

/** The day of an instant in Italy, gg/mm/aaaa. */
export const formatInstantDay = (instant: Date): string => ROME_DAY.format(instant)

/** The time of day of an instant in Italy, hh:mm. */
export const formatInstantTime = (instant: Date): string => ROME_TIME.format(instant)

/** Bytes in the decimal units that disks and providers count in: '524 kB', '264 MB', '1,2 GB'. */
export function formatSize(bytes: number): string {
  if (bytes < 1000) return `${bytes} byte`
  const units = ['kB', 'MB', 'GB', 'TB']
  let value = bytes / 1000
  let unit = 0
  // 999.5 would be shown as 1000: the next unit says it better.
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit += 1
  }
  const digits = value < 9.95 ? 1 : 0
  return `${value.toFixed(digits).replace('.0', '').replace('.', ',')} ${units[unit]}`
}

/** A rough length of time in words: an estimate must not look more exact than it is (S22). */
export function formatDuration(seconds: number, words: Durations): string {
  if (seconds < 10) return words.fewSeconds
  if (seconds <= 50) return words.seconds(Math.ceil(seconds / 10) * 10)
  const minutes = Math.max(1, Math.round(seconds / 60))
  if (minutes < 10) return words.minutes(minutes)
  if (minutes <= 55) return words.minutes(Math.ceil(minutes / 5) * 5)
  const quarters = Math.round(seconds / 900)
  return words.hours(Math.floor(quarters / 4), (quarters % 4) * 15)
}

/** A PIN in groups of four, as it is printed and read aloud: 0123-4567-8901 (S4). */
export function groupPin(pin: string): string {
  return pin.match(/.{1,4}/g)?.join('-') ?? ''
}
