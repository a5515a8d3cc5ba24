/** Text of an element by Specific Character Set (PS3.3 §C.12.1.1.2), with ISO 2022 code extensions (PS3.5 §6.1.2.5). */
export function decodeText(bytes: Uint8Array, terms: readonly string[]): string {
  const first = labelOf(terms[0] ?? '')
  const decoded = bytes.includes(ESC) ? decodeExtended(bytes, first) : decoder(first).decode(bytes)
  return decoded.replace(/\0/g, '').trimEnd()
}

const ESC = 0x1b

/** Labels of the Encoding Standard by the number of the Defined Term. */
const LABELS: Readonly<Record<string, string>> = {
  '13': 'shift_jis',
  '58': 'gbk',
  '87': 'euc-jp',
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
  '159': 'euc-jp',
  '166': 'windows-874',
  '192': 'utf-8',
  '203': 'iso-8859-15',
}

function labelOf(term: string): string {
  if (/^GB(18030|K)$/i.test(term)) return 'gb18030'
  if (/^utf-?8$/i.test(term)) return 'utf-8'
  return LABELS[/IR[ _-]*(\d+)$/.exec(term)?.[1] ?? ''] ?? 'iso-8859-1'
}

/** What an escape sequence selects: a label, and whether its bytes lack the high bit that the label expects. */
const ESCAPES: readonly [sequence: string, label: string, kind: 'plain' | 'raise' | 'raise-212'][] = [
  ['(B', 'iso-8859-1', 'plain'],
  ['(J', 'shift_jis', 'plain'],
  [')I', 'shift_jis', 'plain'],
  ['$@', 'euc-jp', 'raise'],
  ['$B', 'euc-jp', 'raise'],
  ['$(D', 'euc-jp', 'raise-212'],
  ['$)C', 'euc-kr', 'plain'],
  ['$)A', 'gbk', 'plain'],
  ['-A', 'iso-8859-1', 'plain'],
  ['-B', 'iso-8859-2', 'plain'],
  ['-C', 'iso-8859-3', 'plain'],
  ['-D', 'iso-8859-4', 'plain'],
  ['-F', 'iso-8859-7', 'plain'],
  ['-G', 'iso-8859-6', 'plain'],
  ['-H', 'iso-8859-8', 'plain'],
  ['-L', 'iso-8859-5', 'plain'],
  ['-M', 'iso-8859-9', 'plain'],
  ['-T', 'windows-874', 'plain'],
  ['-b', 'iso-8859-15', 'plain'],
]

// Runs of bytes between escapes; in single-byte sets a delimiter brings back the first set (PS3.5 §6.1.2.5.3).
function decodeExtended(bytes: Uint8Array, first: string): string {
  let label = first
  let kind: (typeof ESCAPES)[number][2] = 'plain'
  let result = ''
  let from = 0
  const flush = (to: number) => {
    const run = bytes.subarray(from, to)
    if (kind === 'plain') result += decoder(label).decode(run)
    else if (kind === 'raise') result += decoder(label).decode(run.map((byte) => byte | 0x80))
    else result += decoder(label).decode(raise212(run))
  }
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0
    if (byte === ESC) {
      const rest = String.fromCharCode(...bytes.subarray(at + 1, at + 4))
      const found = ESCAPES.find(([sequence]) => rest.startsWith(sequence))
      flush(at)
      if (found) {
        ;[, label, kind] = found
        at += found[0].length
      }
      from = at + 1
    } else if (kind === 'plain' && DELIMITERS.has(byte)) {
      flush(at)
      label = first
      from = at
    }
  }
  flush(bytes.length)
  return result
}

const DELIMITERS = new Set([...'\\^=\r\n\f\t'].map((character) => character.charCodeAt(0)))

// In EUC-JP, JIS X 0212 is announced by 8F before each pair.
function raise212(run: Uint8Array): Uint8Array {
  const raised: number[] = []
  for (let at = 0; at + 1 < run.length; at += 2)
    raised.push(0x8f, (run[at] ?? 0) | 0x80, (run[at + 1] ?? 0) | 0x80)
  return Uint8Array.from(raised)
}

const decoders = new Map<string, TextDecoder>()

function decoder(label: string): TextDecoder {
  const known = decoders.get(label) ?? new TextDecoder(label)
  decoders.set(label, known)
  return known
}
