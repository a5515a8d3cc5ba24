import { expect, test } from 'vitest'
import { type Coding, layOut } from '../../src/shards/coding.ts'
import { dataScript, escapeBytes, isDataScript, stringRanges } from '../../src/shards/script.ts'
import { restore } from '../../viewer/light/shards/restore.ts'
import { bytesOfString, stringsIn, unescapeBytes } from '../../viewer/light/shards/unescape.ts'

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
  const escaped = strings.map(escapeBytes)
  const script = dataScript('S0000001', escaped)
  expect(isDataScript(script)).toBe(true)

  const text = new TextDecoder('windows-1252').decode(script)
  const handed: string[][] = []
  new Function('ritiro', text)((_version: number, _name: string, parts: string[]) => handed.push(parts))
  expect(handed[0]?.map((part) => Buffer.from(bytesOfString(part)))).toEqual(
    strings.map((one) => Buffer.from(one)),
  )

  expect(
    stringsIn(new Uint8Array(script)).map((part) => Buffer.from(unescapeBytes(new Uint8Array(part)))),
  ).toEqual(strings.map((one) => Buffer.from(one)))
  const ranges = stringRanges(
    'S0000001',
    escaped.map(({ byteLength }) => byteLength),
  )
  expect(ranges.map(({ start, end }) => Buffer.from(unescapeBytes(script.slice(start, end))))).toEqual(
    strings.map((one) => Buffer.from(one)),
  )
})

test.each([
  ['code after it', `ritiro(1,"INDEX",["a"]);\nalert(1)`],
  ['code before it', `alert(1);ritiro(1,"INDEX",["a"]);\n`],
  ['a string that ends early', `ritiro(1,"INDEX",["a"+alert(1)+"b"]);\n`],
  ['a backslash that lets a quote out', `ritiro(1,"INDEX",["a\\\\",alert(1),"b"]);\n`],
  ['another escape', `ritiro(1,"INDEX",["\\x41"]);\n`],
  ['another function', `fetch(1,"INDEX",["a"]);\n`],
  ['a line end in a string', `ritiro(1,"INDEX",["a\n"]);\n`],
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
