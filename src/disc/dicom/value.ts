/** The bytes of a value kept as text of one character a byte. */
export const bytesOf = (value: string): Uint8Array => Buffer.from(value, 'latin1')

/**
 * A value as a Directory Record may hold it: without padding, dates and times in today's form (PS3.5 §6.2). Null
 * if it is empty or not what its VR says: then it counts as missing.
 */
export function meaningful(value: string | undefined, vr: string): string | null {
  if (value === undefined) return null
  switch (vr) {
    case 'US':
      return value.length === 2 ? value : null
    case 'UL':
      return value.length === 4 ? value : null
    case 'SQ':
      return value.length > 0 ? value : null
    case 'IS':
      return matching(firstOf(value), /^[+-]?\d{1,11}$/)
    case 'DA': // with dots in ACR-NEMA's days
      return matching(
        firstOf(value).replace(/^(\d{4})\.(\d{2})\.(\d{2})$/, '$1$2$3'),
        /^\d{4}(0\d|1[0-2])[0-3]\d$/,
      )
    case 'TM': // with colons then
      return matching(firstOf(value).replaceAll(':', ''), /^\d{2}(\d{2}(\d{2}(\.\d{1,6})?)?)?$/)
    case 'UI':
      return matching(firstOf(value), /^[0-9.]{1,64}$/)
    default: {
      const unpadded = value.replace(/[ \0]+$/, '')
      return unpadded.trim() === '' ? null : unpadded
    }
  }
}

const firstOf = (value: string): string =>
  value
    .replace(/[ \0]+$/, '')
    .split('\\', 1)[0]
    ?.trim() ?? ''

const matching = (text: string, pattern: RegExp): string | null => (pattern.test(text) ? text : null)
