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

/** What the escape sequences of PS3.3 Tables C.12-3 and C.12-4 lead to: another upper half, or pairs in the lower one. */
const UPPER: { readonly [sequence: string]: string } = {
  '-A': 'iso-8859-1',
  '-B': 'iso-8859-2',
  '-C': 'iso-8859-3',
  '-D': 'iso-8859-4',
  '-F': 'iso-8859-7',
  '-G': 'iso-8859-6',
  '-H': 'iso-8859-8',
  '-L': 'iso-8859-5',
  '-M': 'iso-8859-9',
  '-T': 'windows-874',
  '-b': 'iso-8859-15',
  ')I': 'shift_jis',
  '$)A': 'gb2312',
  '$)C': 'euc-kr',
}
// JIS X 0208 and 0212 as EUC-JP writes them: both bytes raised, the latter after 8F.
const PAIRS: { readonly [sequence: string]: string } = { $B: '', '$(D': '\x8f' }

const ESC = '\x1b'

/** Text of an element for people to read, by the Specific Character Set of its Data Set (PS3.5 §6.1.2.5). */
export function decodeText(value: string, specificCharacterSet: string): string {
  const terms = specificCharacterSet.split('\\').map((term) => term.replace(/[ \0]+$/, ''))
  const declared = terms.map(labelOf).find((found) => found !== null) ?? 'iso-8859-1'
  // What begins the text is the first term; where that is ASCII, which has no upper half, any does.
  const first = declared === 'iso-2022-jp' ? 'iso-8859-1' : declared
  // Without code extensions a byte that looks like a delimiter may be half a character, as in GB 18030.
  const text = value.includes(ESC) || terms.length > 1 ? withExtensions(value, first) : decode(first, value)
  return text.replace(/\0/g, '').trim()
}

/** Each run after an escape sequence by the set that it designates. */
function withExtensions(value: string, first: string): string {
  let text = ''
  let upper = first
  let pairs: string | null = null
  for (const [index, part] of value.split(ESC).entries()) {
    const sequence = index === 0 ? '' : (/^[ -/]*[0-~]/.exec(part)?.[0] ?? '')
    const run = part.slice(sequence.length)
    const designated = UPPER[sequence]
    if (designated) upper = designated
    else pairs = PAIRS[sequence] ?? null
    text += pairs === null ? '' : decode('euc-jp', inPairs(run, pairs))
    if (pairs !== null) continue
    // PS3.5 §6.1.2.5.3: after a delimiter the first set holds again.
    for (const word of run.split(/(?<=[\^=\\\r\n\t\f])/)) {
      text += decode(upper, word)
      if (/[\^=\\\r\n\t\f]$/.test(word)) upper = first
    }
  }
  return text
}

const inPairs = (run: string, before: string): string =>
  run.replace(/[!-~]{2}/g, (pair) => before + raised(pair))

const raised = (pair: string): string =>
  String.fromCharCode(...[...pair].map((character) => character.charCodeAt(0) | 0x80))

const decode = (label: string, run: string): string => new TextDecoder(label).decode(bytesOf(run))

function labelOf(term: string): string | null {
  if (/^GB(18030|K)$/.test(term)) return 'gb18030'
  if (/^utf-?8$/i.test(term)) return 'utf-8'
  return LABELS[/IR[ _-]*(\d+)$/.exec(term)?.[1] ?? ''] ?? null
}
