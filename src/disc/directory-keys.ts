import type { Keys } from './dicom/instance.ts'
import { type Key, keyName, STAND_INS, TAG } from './dicom/keys.ts'
import { bytesOf, meaningful } from './dicom/value.ts'
import { createWriter, writeElement } from './dicom/writer.ts'

/**
 * The keys of a Directory Record as encoded elements in ascending order (PS3.3 §F.5). Values are those of the
 * instance, to the byte; type 1 keys that it lacks are invented, `invent` first.
 */
export function encodeKeys(
  table: readonly Key[],
  values: Keys,
  invent: (tag: number) => string | null,
): Uint8Array {
  const chosen: { key: Key; value: string }[] = []
  const verified = values[keyName(VERIFICATION_FLAG)]?.startsWith('VERIFIED')
  for (const key of table) {
    const value = meaningful(values[keyName(key.tag)], key.vr)
    // PS3.3 §F.5.26: type 1C, required of what is verified.
    const required = key.type === 1 || (key.tag === VERIFICATION_DATE_TIME && verified)
    if (value !== null) chosen.push({ key, value })
    else if (required) chosen.push({ key, value: invent(key.tag) ?? invented(key, values) })
    else if (key.type === 2) chosen.push({ key, value: '' })
  }

  const characterSet = characterSetFor(chosen, values)
  if (characterSet) {
    chosen.push({ key: { tag: TAG.specificCharacterSet, vr: 'CS', type: 1 }, value: characterSet })
    chosen.sort((a, b) => a.key.tag - b.key.tag)
  }
  const writer = createWriter(512)
  for (const { key, value } of chosen) writeElement(writer, key.tag, key.vr, padded(value, key.vr))
  return writer.bytes()
}

const VERIFICATION_DATE_TIME = 0x0040a030
const VERIFICATION_FLAG = 0x0040a493

/** What stands in for a type 1 key; dates that are nobody's are plainly so. */
function invented({ tag, vr }: Key, values: Keys): string {
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
      return INVENTED_TEXT[keyName(tag)] ?? 'UNKNOWN'
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

function padded(value: string, vr: string): Uint8Array {
  if (value.length % 2 === 0) return bytesOf(value)
  return bytesOf(value + (vr === 'UI' || vr === 'SQ' ? '\0' : ' '))
}
