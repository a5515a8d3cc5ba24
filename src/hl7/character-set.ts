/** A message in a character set that is not read, or whose bytes are not of the one it names. */
export class CharacterSetError extends Error {
  override readonly name = 'CharacterSetError'
}

const FIELD = 18
// HL7 table 0211, as written by vendors, and the encoding that reads it. Windows-1252 is Latin-1 and more.
const ENCODINGS: readonly (readonly [RegExp, string])[] = [
  [/^$/, 'guess'],
  [/^(US-?)?ASCII$/, 'guess'],
  [/^(ISO-?)?(IR ?)?6$/, 'guess'],
  [/^UNICODE UTF-?8$|^UTF-?8$/, 'utf-8'],
  [/^(ISO[ _-]?)?8859[/-]1$|^ISO[ _]?IR[ _]?100$|^LATIN-?1$|^(WINDOWS|CP)-?1252$/, 'windows-1252'],
  [/^(ISO[ _-]?)?8859[/-]15$|^LATIN-?9$/, 'iso-8859-15'],
  [/^(ISO[ _-]?)?8859[/-]2$/, 'iso-8859-2'],
]

/** The text of a message's bytes by MSH-18 (HL7 v2.5 §2.15.9.18); where it names none, UTF-8 if it is that, else Latin-1. */
export function decodeMessage(bytes: Uint8Array): string {
  const named = declared(bytes)
  const encoding = ENCODINGS.find(([pattern]) => pattern.test(named))?.[1]
  if (!encoding) throw new CharacterSetError('MSH-18 names a character set that is not read here.')
  if (encoding !== 'guess' && encoding !== 'utf-8') return new TextDecoder(encoding).decode(bytes)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    if (encoding === 'guess') return new TextDecoder('windows-1252').decode(bytes)
    throw new CharacterSetError('MSH-18 says UTF-8, but the bytes are not UTF-8.')
  }
}

/** MSH-18's first repetition, read before anything is decoded: all that stands before it is ASCII, or of no matter. */
function declared(bytes: Uint8Array): string {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 4096)).toString(
    'latin1',
  )
  const start = head.search(/msh/i)
  const separator = head[start + 3]
  if (start === -1 || separator === undefined) return ''
  const line = head.slice(start).split(/[\r\n]/, 1)[0] ?? ''
  const repetition = line[5] ?? '~'
  // MSH-1 is the separator: field n is at n - 1.
  const field = line.split(separator)[FIELD - 1] ?? ''
  return (field.split(repetition)[0] ?? '').trim().toUpperCase()
}
