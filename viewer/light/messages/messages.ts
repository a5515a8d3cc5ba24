import { en } from './en.ts'
import { it, type Messages } from './it.ts'

export const LANGUAGES: readonly Messages[] = [it, en]

let current = LANGUAGES.find(({ language }) => navigator.language.toLowerCase().startsWith(language)) ?? en

/** The words in the language of the browser, or the one chosen since. */
export const m = (): Messages => current

export function setLanguage(language: string): void {
  current = LANGUAGES.find((one) => one.language === language) ?? current
  document.documentElement.lang = current.language
}

/**
 * A number as the language writes it, with so many decimals at most. Not by Intl.NumberFormat, whose first use takes
 * twenty milliseconds, just when the first picture is drawn.
 */
export function decimal(value: number, digits: number): string {
  const text = String(Number(value.toFixed(digits)))
  return current.language === 'en' ? text : text.replace('.', ',')
}

/** A DICOM date (YYYYMMDD) as the language writes it; what is none stays as it is. */
export function day(value: string): string {
  const parts = /^(\d{4})\.?(\d{2})\.?(\d{2})/.exec(value)
  return parts ? `${parts[3]}/${parts[2]}/${parts[1]}` : value
}

/** A DICOM time (HHMMSS) to the minute. */
export function minute(value: string): string {
  const parts = /^(\d{2}):?(\d{2})/.exec(value)
  return parts ? `${parts[1]}:${parts[2]}` : ''
}
