import type { Keys } from './dicom/instance.ts'
import { type Key, keyName, STAND_INS, TAG } from './dicom/keys.ts'
import { meaningful } from './dicom/value.ts'
import { createWriter, type Writer, writeElement, writeText } from './dicom/writer.ts'

/**
 * Writes the keys of a Directory Record in ascending order (PS3.3 §F.5). Values are those of the
 * instance, to the byte; type 1 keys that it lacks are invented, `invent` first.
 */
export function writeKeys(
  writer: Writer,
  table: readonly Key[],
  values: Keys,
  invent: (tag: number) => string | null,
): void {
  const chosen: { key: Key; value: string }[] = []
  const verified = values['0040A493']?.startsWith('VERIFIED')
  for (const key of table) {
    const value = meaningful(values[key.name], key.vr)
    // PS3.3 §F.5.26: type 1C, required of what is verified.
    const required = key.type === 1 || (key.tag === VERIFICATION_DATE_TIME && verified)
    if (value !== null) chosen.push({ key, value })
    else if (required) chosen.push({ key, value: invent(key.tag) ?? invented(key, values) })
    else if (key.type === 2) chosen.push({ key, value: '' })
  }

  const characterSet = characterSetFor(chosen, values)
  // No key has a lower tag.
  if (characterSet) writeText(writer, TAG.specificCharacterSet, 'CS', characterSet)
  for (const { key, value } of chosen) {
    writeText(writer, key.tag, key.vr, value)
  }
}

const VERIFICATION_DATE_TIME = 0x0040a030

/** What stands in for a type 1 key; dates that are nobody's are plainly so. */
function invented({ tag, name, vr }: Key, values: Keys): string {
  switch (vr) {
    case 'DA':
      return standInDate(values) ?? '19000101'
    case 'TM':
      return '000000'
    case 'DT':
      return '19000101000000'
    case 'IS':
      return '1'
    case 'US':
      return '\x01\0'
    case 'UL':
      return '\x01\0\0\0'
    case 'SQ':
      return tag === TAG.conceptNameCodeSequence ? UNKNOWN_CONCEPT : ''
    default:
      return INVENTED_TEXT[name] ?? 'UNKNOWN'
  }
}

/** Where the standard enumerates the values, the one that claims least. */
const INVENTED_TEXT: { readonly [tag: string]: string } = {
  '00080008': 'DERIVED\\SECONDARY',
  '0040A491': 'PARTIAL',
  '0040A493': 'UNVERIFIED',
  '00420012': 'application/octet-stream',
}

function standInDate(values: Keys): string | null {
  for (const tag of STAND_INS) {
    const date = meaningful(values[keyName(tag)], 'DA')
    if (date) return date
  }
  return null
}

/** A title code for a document without one (PS3.3 §8.8): one item of the Concept Name Code Sequence. */
const UNKNOWN_CONCEPT = unknownConcept()

function unknownConcept(): string {
  const writer = createWriter(128)
  const lengthAt = writer.itemHeader(0xfffee000, 0)
  writeElement(writer, 0x00080100, 'SH', Buffer.from('UNKNOWN '))
  writeElement(writer, 0x00080102, 'SH', Buffer.from('99RITIRO'))
  writeElement(writer, 0x00080104, 'LO', Buffer.from('Unknown '))
  writer.patchUint32(lengthAt, writer.length - lengthAt - 4)
  return Buffer.from(writer.bytes()).toString('latin1')
}

const TEXT_VRS: ReadonlySet<string> = new Set(['LO', 'LT', 'PN', 'SH', 'ST', 'UC', 'UT', 'SQ'])

/**
 * Specific Character Set of a record: that of its values where they need one. Bytes beyond ASCII that no set
 * accounts for are most often Latin-1, and a record must name some set.
 */
function characterSetFor(chosen: readonly { key: Key; value: string }[], values: Keys): string | null {
  // ISO 2022 sets are reached by escape sequences, in 7 bits too (PS3.5 §6.1.2.5).
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ESC is what is looked for.
  const needed = chosen.some(({ key, value }) => TEXT_VRS.has(key.vr) && /[\x1b\x80-\xff]/.test(value))
  if (!needed) return null
  const declared = (values[keyName(TAG.specificCharacterSet)] ?? '').split('\\').map(definedTerm)
  const beyondAscii = declared.some((term) => term !== '' && !/IR 6$/.test(term))
  return beyondAscii ? declared.join('\\') : 'ISO_IR 100'
}

/** A Defined Term of PS3.3 §C.12.1.1.2, also where it was misspelled. */
function definedTerm(declared: string): string {
  const term = declared.replace(/[ \0]+$/, '').trim()
  if (/^utf[-_ ]?8$/i.test(term)) return 'ISO_IR 192'
  return term.replace(/^ISO[-_ ]IR[-_ ]/i, 'ISO_IR ').replace(/^ISO[-_ ]2022[-_ ]IR[-_ ]/i, 'ISO 2022 IR ')
}
