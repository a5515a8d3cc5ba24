import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { toDiscFile } from '../../src/disc/dicom/disc-file.ts'
import { dicomFile, type Elements, type Encoding, encode, instance, type Value } from '../support/dicom.ts'

/** The Data Set of a file: what comes after group 0002. */
function dataSetOf(file: Uint8Array): Buffer {
  const bytes = Buffer.from(file)
  expect(bytes.subarray(128, 132).toString()).toBe('DICM')
  return bytes.subarray(144 + bytes.readUInt32LE(140))
}

const RICH: Elements = instance({
  add: [
    [0x00080005, 'CS', 'ISO_IR 100'],
    [0x00081115, 'SQ', { items: [[[0x0020000e, 'UI', '1.2.3']], []] }],
    [
      0x00081140,
      'SQ',
      {
        items: [
          [
            [0x00081150, 'UI', '1.2'],
            [0x00081155, 'UI', '1.2.3.4'],
          ],
        ],
        undefinedLength: true,
      },
    ],
    [0x00081199, 'SQ', { items: [] }],
    [0x00100010, 'PN', 'Ross\xec^Niccol\xf2'],
    [0x00180050, 'DS', '1.25'],
    [0x00189305, 'FD', [0.75, -2.5]],
    [0x00209165, 'AT', [0x0018]],
    [0x00280103, 'US', [1]],
    [0x00280106, 'SS', [-1000]],
    [0x00280107, 'SS', [3000]],
    [0x00281052, 'DS', '-1024'],
    [0x00283006, 'OW', [1, 2, 3, 4]],
    [0x60003000, 'OW', [0xff00, 0x00ff]],
    [0x60023000, 'OW', [0x1234]],
    [
      0x300a0010,
      'SQ',
      {
        items: [
          [
            [0x300a0012, 'IS', '1'],
            [0x300a0010, 'SQ', { items: [[[0x300a0012, 'IS', '22']]] }],
          ],
        ],
      },
    ],
  ],
})

test.each<Encoding>(['implicit', 'big', 'deflated'])(
  '%s goes out as the very bytes that explicit little endian would be (PS3.11 Annex D)',
  (encoding) => {
    const sent = toDiscFile(dicomFile(RICH, { encoding }))
    expect(sent.conversion).toBe('explicit-vr')
    expect(dataSetOf(sent.bytes).equals(encode(RICH, 'explicit'))).toBe(true)
    const meta = Buffer.from(sent.bytes.subarray(0, 400)).toString('latin1')
    expect(meta).toContain('1.2.840.10008.1.2.1\0')
    expect(meta).not.toContain('1.2.840.10008.1.2.1.99')
    expect(meta).not.toContain('1.2.840.10008.1.2.2')
  },
)

test.each<Encoding>(['implicit', 'big', 'deflated'])(
  'dcmtk reads %s, converted, as it reads the original',
  (encoding) => {
    const directory = mkdtempSync(join(tmpdir(), 'ritiro-convert-'))
    try {
      const original = dicomFile(RICH, { encoding })
      writeFileSync(join(directory, 'a.dcm'), original)
      writeFileSync(join(directory, 'b.dcm'), toDiscFile(original).bytes)
      // dcmconv -e -g writes undefined lengths, no group lengths: a normal form of both.
      for (const name of ['a', 'b']) {
        run('dcmconv', '+te', '-g', '-e', join(directory, `${name}.dcm`), join(directory, `${name}.out`))
      }
      const [a, b] = ['a.out', 'b.out'].map((name) => dataSetOf(readFileSync(join(directory, name))))
      expect(a && b && a.equals(b)).toBe(true)
    } finally {
      rmSync(directory, { recursive: true })
    }
  },
)

test('random Data Sets come out as their explicit form from every encoding', () => {
  const random = seeded(20261123)
  for (let round = 0; round < 300; round++) {
    const dataSet = randomDataSet(random, 3)
    const explicit = encode(dataSet, 'explicit')
    for (const encoding of ['implicit', 'big', 'deflated'] as const) {
      const { bytes } = toDiscFile(dicomFile(dataSet, { encoding }))
      expect(dataSetOf(bytes).equals(explicit), `round ${round}, ${encoding}`).toBe(true)
    }
  }
})

test('private elements keep their bytes: creators as LO, the rest as UN (PS3.5 §7.8)', () => {
  const implicit: Elements = [
    ...instance({ pixels: false }),
    [0x00290010, 'LO', 'ACME 1.0'],
    [0x00291001, 'UN', Uint8Array.of(1, 2, 3, 4)],
    [0x00291002, 'SQ', { items: [[[0x00080100, 'SH', 'X']]], undefinedLength: true }],
  ]
  const { bytes } = toDiscFile(dicomFile(implicit, { encoding: 'implicit' }))
  expect(dataSetOf(bytes).equals(encode(implicit, 'explicit'))).toBe(true)
})

test('UN of undefined length holds Implicit VR, and becomes a readable sequence (PS3.5 §6.2.2)', () => {
  const code: Elements = [[0x00080100, 'SH', 'CODE']]
  const inner = encode(code, 'implicit')
  const start = dicomFile(instance({ pixels: false }), { encoding: 'big' })
  const un = [
    Buffer.from('00291010', 'hex'),
    Buffer.from('UN\0\0'),
    uint32(0xffffffff),
    Buffer.from('feff00e0', 'hex'),
    uint32(inner.byteLength),
    inner,
    Buffer.from('feffdde000000000', 'hex'),
  ]
  const content = encode(code, 'explicit')
  const sequence = [
    Buffer.from('29001010', 'hex'),
    Buffer.from('SQ\0\0'),
    uint32(0xffffffff),
    Buffer.from('feff00e0', 'hex'),
    uint32(content.byteLength),
    content,
    Buffer.from('feffdde000000000', 'hex'),
  ]
  const { bytes } = toDiscFile(Buffer.concat([start, ...un]))
  expect(
    dataSetOf(bytes).equals(Buffer.concat([encode(instance({ pixels: false }), 'explicit'), ...sequence])),
  ).toBe(true)
})

test('a value too long for a 16-bit length goes as UN, whole (PS3.5 §6.2.2)', () => {
  const long = '1.5\\'.repeat(20_000)
  const file = dicomFile(instance({ pixels: false, add: [[0x30060050, 'DS', long]] }), {
    encoding: 'implicit',
  })
  const expected = encode(
    instance({ pixels: false, add: [[0x30060050, 'UN', Buffer.from(long)]] }),
    'explicit',
  )
  expect(dataSetOf(toDiscFile(file).bytes).equals(expected)).toBe(true)
})

test('what only looks like a sequence is kept as UN', () => {
  const junk = Buffer.from('this is no item!')
  const file = dicomFile(instance({ pixels: false, add: [[0x00081115, 'SQ', junk]] }), {
    encoding: 'implicit',
  })
  const expected = encode(instance({ pixels: false, add: [[0x00081115, 'UN', junk]] }), 'explicit')
  expect(dataSetOf(toDiscFile(file).bytes).equals(expected)).toBe(true)
})

test('eight-bit pixels in Implicit VR are called OB, sixteen-bit ones OW; the bytes are the same', () => {
  const eight = instance({
    add: [
      [0x00280100, 'US', [8]],
      [0x7fe00010, 'OB', Buffer.alloc(64, 7)],
    ],
  })
  const { bytes } = toDiscFile(dicomFile(eight, { encoding: 'implicit' }))
  expect(dataSetOf(bytes).equals(encode(eight, 'explicit'))).toBe(true)
})

test('Group Lengths, which would be wrong after conversion, are left out', () => {
  const withLengths: Elements = [[0x00080000, 'UL', [1234]], ...instance()]
  const { bytes } = toDiscFile(dicomFile(withLengths, { encoding: 'implicit' }))
  expect(dataSetOf(bytes).equals(encode(instance(), 'explicit'))).toBe(true)
})

test('explicit and compressed files go byte for byte, but for a preamble that could be a program (S48)', () => {
  const clean = dicomFile(instance())
  expect(toDiscFile(clean)).toEqual({ bytes: clean, conversion: 'none' })

  const compressed: Elements = instance({
    add: [[0x7fe00010, 'OB', { fragments: [Buffer.alloc(0), Buffer.from('feffdde0feff00e0', 'hex')] }]],
  })
  const preamble = Buffer.from(`MZ${'\x90'.repeat(126)}`, 'latin1')
  const armed = dicomFile(compressed, { transferSyntax: '1.2.840.10008.1.2.4.90', preamble })
  const sent = toDiscFile(armed)
  expect(sent.conversion).toBe('preamble')
  expect(Buffer.from(sent.bytes.subarray(0, 128)).equals(Buffer.alloc(128))).toBe(true)
  expect(Buffer.from(sent.bytes.subarray(128)).equals(armed.subarray(128))).toBe(true)
  expect(armed.subarray(0, 2).toString()).toBe('MZ') // the input is not touched
})

test('File Meta Information that contradicts the Data Set is written anew (PS3.10 §7.1)', () => {
  const wrong = dicomFile(instance(), {
    meta: [
      [0x00020001, 'OB', Uint8Array.of(0, 1)],
      [0x00020002, 'UI', '1.2.840.10008.5.1.4.1.1.4'],
      [0x00020003, 'UI', '1.2.3.9'],
      [0x00020010, 'UI', '1.2.840.10008.1.2.1'],
    ],
  })
  const sent = toDiscFile(wrong)
  expect(sent.conversion).toBe('meta')
  expect(Buffer.from(sent.bytes).toString('latin1')).not.toContain('1.2.3.9')
  expect(dataSetOf(sent.bytes).equals(encode(instance(), 'explicit'))).toBe(true)
  // Once right, it stays: sending is a fixed point.
  expect(toDiscFile(sent.bytes).conversion).toBe('none')
})

test.each<'implicit' | 'explicit'>(['implicit', 'explicit'])(
  'a bare %s Data Set without preamble becomes a DICOM File',
  (encoding) => {
    const { bytes } = toDiscFile(encode(instance(), encoding))
    expect(dataSetOf(bytes).equals(encode(instance(), 'explicit'))).toBe(true)
  },
)

test('a file cut short still goes on the disc, as it is', () => {
  for (const encoding of ['implicit', 'big', 'deflated'] as const) {
    const whole = dicomFile(instance(), { encoding })
    const cut = whole.subarray(0, whole.byteLength - 11)
    const sent = toDiscFile(cut)
    expect(dataSetOf(sent.bytes).equals(dataSetOf(cut)), encoding).toBe(true)
  }
})

test('no mutation of a file makes the conversion throw anything but its own error, or hang', () => {
  const random = seeded(7)
  for (const encoding of ['implicit', 'big', 'explicit', 'deflated'] as const) {
    const original = dicomFile(RICH, { encoding })
    for (let round = 0; round < 400; round++) {
      const mutated = Buffer.from(original)
      for (let hits = 0; hits < 3; hits++) mutated[128 + random(mutated.byteLength - 128)] = random(256)
      try {
        toDiscFile(mutated)
      } catch (error) {
        expect(error).toMatchObject({ name: 'DicomFormatError' })
      }
    }
  }
})

test.each([
  ['known', false],
  ['undefined', true],
])('sequences of %s length nested ten thousand deep are not followed to the end', (_, undefinedLength) => {
  const open: Buffer[] = []
  const close: Buffer[] = []
  const deepest = 10_000
  for (let depth = 0; depth < deepest; depth++) {
    const inside = (deepest - depth) * 16 - 8
    open.push(Buffer.from('400030a7', 'hex'), uint32(undefinedLength ? 0xffffffff : inside))
    open.push(Buffer.from('feff00e0', 'hex'), uint32(undefinedLength ? 0xffffffff : inside - 8))
    if (undefinedLength) close.push(Buffer.from('feff0de000000000feffdde000000000', 'hex'))
  }
  const start = dicomFile(instance({ pixels: false }), { encoding: 'implicit' })
  const file = Buffer.concat([start, ...open, ...close])
  const sent = dataSetOf(toDiscFile(file).bytes)
  expect(sent.byteLength).toBeGreaterThan(deepest * 16)
  expect(sent.byteLength).toBeLessThan(file.byteLength + 4096)
})

const run = (command: string, ...args: string[]) => execFileSync(command, args, { stdio: 'pipe' })

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

/** Small linear generator: the same series in every run. */
function seeded(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** Elements of which dictionary and builder agree on the VR. */
const POOL: readonly (readonly [number, string])[] = [
  [0x00080100, 'SH'],
  [0x00080104, 'LO'],
  [0x00081140, 'SQ'],
  [0x00180060, 'DS'],
  [0x00181020, 'LO'],
  [0x00189073, 'FD'],
  [0x00200013, 'IS'],
  [0x00204000, 'LT'],
  [0x00280008, 'IS'],
  [0x00280009, 'AT'],
  [0x00280010, 'US'],
  [0x00281101, 'US'],
  [0x00281201, 'OW'],
  [0x00289001, 'UL'],
  [0x0040a160, 'UT'],
  [0x0040a168, 'SQ'],
  [0x00660016, 'OF'],
  [0x00701a04, 'SQ'],
  [0x300a0010, 'SQ'],
  [0x30060050, 'DS'],
]

function randomDataSet(random: (below: number) => number, depth: number): Elements {
  const chosen = POOL.filter(([, vr]) => random(2) === 0 && (vr !== 'SQ' || depth > 0))
  return chosen.map(([tag, vr]) => [tag, vr, randomValue(random, vr, depth)] as const)
}

function randomValue(random: (below: number) => number, vr: string, depth: number): Value {
  const length = random(6)
  if (vr === 'SQ') {
    const items = Array.from({ length: random(3) }, () => randomDataSet(random, depth - 1))
    return { items, undefinedLength: random(2) === 0 }
  }
  if (vr === 'OF') return Array.from({ length }, () => Math.fround(random(1000) / 7))
  if (['FD', 'US', 'UL', 'OW', 'AT'].includes(vr)) return Array.from({ length }, () => random(60000))
  if (vr === 'DS' || vr === 'IS') return String(random(10000))
  return 'Testo\xe8'.slice(0, length)
}

test('an Item Delimiter that ends no item costs nothing of what comes after it: the file goes as it is', () => {
  const before = encode([[0x00080018, 'UI', '1.2.3']], 'implicit')
  const after = encode([[0x00100010, 'PN', 'ROSSI^MARIO']], 'implicit')
  const delimiter = Buffer.from('feff0de000000000', 'hex')
  const file = (dataSet: Buffer) => Buffer.concat([dicomFile([], { encoding: 'implicit' }), dataSet])
  const stray = file(Buffer.concat([before, delimiter, after]))
  expect(dataSetOf(toDiscFile(stray).bytes).equals(dataSetOf(stray))).toBe(true)
  // At the very end there is nothing to lose.
  const { conversion } = toDiscFile(file(Buffer.concat([before, after, delimiter])))
  expect(conversion).toBe('explicit-vr')
})
