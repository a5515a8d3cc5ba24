import { expect, test } from 'vitest'
import { type Coding, layOut } from '../../src/shards/coding.ts'
import { dataScript, isDataScript, stringRanges } from '../../src/shards/script.ts'
import { fromSymbols, symbolsLength, toSymbols } from '../../src/shards/symbols.ts'
import { restore } from '../../viewer/light/shards/restore.ts'
import { bytesOfString, stringsOfBytes, stringsOfText } from '../../viewer/light/shards/transport.ts'

const CODINGS: readonly Coding[] = [
  { kind: 'predicted', bytes: 1, samples: 1 },
  { kind: 'predicted', bytes: 1, samples: 1, signed: true },
  { kind: 'predicted', bytes: 1, samples: 3 },
  { kind: 'predicted', bytes: 1, samples: 3, green: true },
  { kind: 'predicted', bytes: 2, samples: 1 },
  { kind: 'predicted', bytes: 2, samples: 1, signed: true },
  { kind: 'predicted', bytes: 2, samples: 3 },
  { kind: 'planes', bytes: 1, samples: 1 },
  { kind: 'planes', bytes: 2, samples: 1 },
  { kind: 'planes', bytes: 4, samples: 1 },
  { kind: 'planes', bytes: 8, samples: 1, float: true },
]
const SIZES = [
  { columns: 1, rows: 1 },
  { columns: 7, rows: 5 },
  { columns: 64, rows: 33 },
]

test.each(CODINGS)('a frame comes back as it was, to the bit: %o', (coding) => {
  for (const size of SIZES) {
    const length = size.columns * size.rows * coding.samples * coding.bytes
    for (const frame of [
      noise(length),
      ramp(length),
      new Uint8Array(length).fill(0xff),
      new Uint8Array(length),
    ]) {
      const back = restore(layOut(frame.slice(), size, coding), size, coding)
      expect(Buffer.from(back).equals(frame)).toBe(true)
      // Into memory that held another frame before.
      const used = noise(length).buffer as ArrayBuffer
      const again = restore(layOut(frame.slice(), size, coding), size, coding, used)
      expect(Buffer.from(again).equals(frame)).toBe(true)
    }
  }
})

test('a frame of another length than its size promises is told, not shown', () => {
  const coding = { kind: 'predicted', bytes: 2, samples: 1 } as const
  expect(() => restore(new Uint8Array(10), { columns: 2, rows: 2 }, coding)).toThrow(RangeError)
  expect(() => layOut(new Uint8Array(7), { columns: 2, rows: 2 }, coding)).toThrow(RangeError)
})

test('every byte survives a data script, as the browser reads it and as fetch brings it', () => {
  const strings = [Uint8Array.from({ length: 512 }, (_, at) => at), new Uint8Array(), noise(5000)]
  const symbols = strings.map(toSymbols)
  const script = dataScript('S0000001', symbols)
  expect(isDataScript(script)).toBe(true)

  const text = new TextDecoder('windows-1252').decode(script)
  const handed: string[] = []
  new Function('ritiro', text)((_version: number, _name: string, data: () => void) =>
    handed.push(String(data)),
  )
  const bytesOf = (part: ArrayBuffer | string) => fromText(bytesOfString(part))
  const expected = strings.map((one) => Buffer.from(one))
  expect(stringsOfText(handed[0] ?? '').map(bytesOf)).toEqual(expected)
  expect(stringsOfBytes(new Uint8Array(script).buffer).map(bytesOf)).toEqual(expected)
  const ranges = stringRanges(
    'S0000001',
    symbols.map(({ byteLength }) => byteLength),
  )
  expect(ranges.map(({ start, end }) => fromText(script.slice(start, end)))).toEqual(expected)
})

test('bytes of any length come back from symbols, of which windows-1252 leaves each as it is', () => {
  for (let length = 0; length < 130; length++) {
    const bytes = noise(length)
    const symbols = toSymbols(bytes)
    expect(symbols.byteLength).toBe(symbolsLength(length))
    expect(fromText(symbols)).toEqual(Buffer.from(bytes))
  }
  const all = toSymbols(noise(100_000))
  expect(new TextDecoder('windows-1252').decode(all)).toBe(Buffer.from(all).toString('latin1'))
  expect(fromText(toSymbols(new Uint8Array(100).fill(0xff)))).toEqual(Buffer.alloc(100, 0xff))
})

function fromText(symbols: Uint8Array): Buffer {
  const bytes = Buffer.alloc(symbols.byteLength)
  return bytes.subarray(0, fromSymbols(symbols, bytes, 0))
}

const data = (line: string) => `ritiro(2,"INDEX",function(){/*${line}*/});\n`

test('a file of that form is told by its bytes', () => {
  expect(isDataScript(Buffer.from(data('a\nb'), 'latin1'))).toBe(true)
})

test.each([
  ['code after it', `${data('a')}alert(1)`],
  ['code before it', `alert(1);${data('a')}`],
  ['a comment that ends early', data('a*/alert(1)/*b')],
  ['a star in it', data('a*b')],
  ['what names a source map', data('# sourceMappingURL=x')],
  ['a character that takes two bytes', data('\x80')],
  ['another function', `fetch(2,"INDEX",function(){/*a*/});\n`],
  ['no end', data('a').slice(0, -2)],
])('a script with %s is no data script', (_what, text) => {
  expect(isDataScript(Buffer.from(text, 'latin1'))).toBe(false)
})

// The same bytes at each run: a small generator, not Math.random().
function noise(length: number): Uint8Array {
  let state = 12345
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    return state >>> 16
  })
}

const ramp = (length: number): Uint8Array => Uint8Array.from({ length }, (_, at) => at * 3)
