import { bytesOf } from './value.ts'

/** Labels of the Encoding Standard for the Defined Terms of PS3.3 §C.12.1.1.2, by their number. */
const LABELS: { readonly [registration: string]: string } = {
  '13': 'shift_jis',
  '58': 'gb2312',
  '87': 'iso-2022-jp',
  '100': 'iso-8859-1',
  '101': 'iso-8859-2',
  '109': 'iso-8859-3',
  '110': 'iso-8859-4',
  '126': 'iso-8859-7',
  '127': 'iso-8859-6',
  '138': 'iso-8859-8',
  '144': 'iso-8859-5',
  '148': 'iso-8859-9',
  '149': 'euc-kr',
  '159': 'iso-2022-jp',
  '166': 'windows-874',
  '192': 'utf-8',
  '203': 'iso-8859-15',
}

/**
 * Text of an element for people to read, by the Specific Character Set of its Data Set. It may be approximate
 * where several sets are mixed; the disc itself holds the bytes as they came.
 */
export function decodeText(value: string, specificCharacterSet: string): string {
  const terms = specificCharacterSet.split('\\').map((term) => term.replace(/[ \0]+$/, ''))
  const label = terms.map(labelOf).find((found) => found !== null) ?? 'iso-8859-1'
  // iso-2022-jp switches sets by escape sequences itself; elsewhere they only announce the set we chose.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ESC begins them.
  const plain = label === 'iso-2022-jp' ? value : value.replace(/\x1b[\x20-\x2f]*[\x30-\x7e]/g, '')
  return new TextDecoder(label).decode(bytesOf(plain)).replace(/\0/g, '').trim()
}

function labelOf(term: string): string | null {
  if (/^GB(18030|K)$/.test(term)) return 'gb18030'
  if (/^utf-?8$/i.test(term)) return 'utf-8'
  return LABELS[/IR[ _-]*(\d+)$/.exec(term)?.[1] ?? ''] ?? null
}
