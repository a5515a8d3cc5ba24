import type { Attributes } from '../../../src/shards/attributes.ts'

/** First value as text, or empty. */
export function text(attributes: Attributes | undefined, tag: string): string {
  const value = attributes?.[tag]?.[0]
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : ''
}

/** First value as a finite number, or null. */
export function number(attributes: Attributes | undefined, tag: string): number | null {
  return numbers(attributes, tag)[0] ?? null
}

/** All values that are finite numbers; an element with one that is none counts as absent. */
export function numbers(attributes: Attributes | undefined, tag: string): readonly number[] {
  const values = attributes?.[tag] ?? []
  const found = values.map((value) => (typeof value === 'number' ? value : Number.NaN))
  return found.every(Number.isFinite) ? found : []
}

/** All values as texts. */
export function texts(attributes: Attributes | undefined, tag: string): readonly string[] {
  return (attributes?.[tag] ?? []).map((value) => (typeof value === 'object' ? '' : String(value)))
}

/** The items of a sequence. */
export function items(attributes: Attributes | undefined, tag: string): readonly Attributes[] {
  const values: readonly unknown[] = attributes?.[tag] ?? []
  return values.filter(isItem)
}

/** The bytes of a value kept as base64. */
export function bytes(attributes: Attributes | undefined, tag: string): Uint8Array<ArrayBuffer> | null {
  const value = attributes?.[tag]?.[0]
  if (typeof value !== 'string') return null
  const binary = atob(value)
  const result = new Uint8Array(binary.length)
  for (let at = 0; at < binary.length; at++) result[at] = binary.charCodeAt(at)
  return result
}

/** 16 bits unsigned, read with a sign where pixels have one ("US or SS"). */
export const signed16 = (value: number, signed: boolean): number =>
  signed && value >= 0x8000 ? value - 0x10000 : value

const isItem = (value: unknown): value is Attributes => typeof value === 'object' && value !== null
