import { createHash } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { crc32 } from 'node:zlib'
import { expect, test } from 'vitest'
import { toDiscFile } from '../../src/disc/dicom/disc-file.ts'
import { planDisc } from '../../src/disc/disc.ts'
import { openLargeFile } from '../../src/disc/large-file.ts'
import type { OpenedFile } from '../../src/disc/large-source.ts'
import { type Manifest, prepareManifest } from '../../src/disc/manifest.ts'
import { type WriteOptions, writeDisc } from '../../src/disc/write.ts'
import { dicomFile, type Elements, encode, instance } from '../support/dicom.ts'
import { CONTENT, DISC_DATE } from '../support/disc.ts'
import { everyCharacterSet, everyKind, everyTransferSyntax } from '../support/radiology.ts'

const MiB = 2 ** 20
setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')
const PIXELS = Buffer.from(Array.from({ length: 100_002 }, (_, index) => index % 251))
const AFTER: Elements = [[0xfffcfffc, 'OB', Buffer.alloc(10, 7)]]

const withPixels = (vr: string, more: Elements = AFTER): Elements => [
  ...instance({ add: [[0x7fe00010, vr, PIXELS]] }),
  ...more,
]
const ODD: readonly (readonly [string, Buffer])[] = [
  ...(['implicit', 'explicit', 'big'] as const).flatMap((encoding) => [
    [`${encoding}, 16 bits`, dicomFile(withPixels('OW'), { encoding })] as const,
    [`${encoding}, 8 bits`, dicomFile(withPixels('OB', []), { encoding })] as const,
    [
      `${encoding}, with a preamble`,
      dicomFile(withPixels('OW'), { encoding, preamble: Buffer.alloc(128, 'MZ') }),
    ] as const,
  ]),
  // Bare Big Endian is not known as DICOM at all.
  ['implicit, without preamble', encode(withPixels('OW'), 'implicit')],
  ['explicit, without preamble', encode(withPixels('OW'), 'explicit')],
  ['with wrong meta', dicomFile(withPixels('OW'), { meta: [[0x00020010, 'UI', '1.2.840.10008.1.2.1']] })],
]

test.each([
  ...[...everyKind(), ...everyCharacterSet(), ...everyTransferSyntax()].map(
    (file, index) => [`file ${index}`, file] as const,
  ),
  ...ODD,
])('a file that streams by, cut anywhere, becomes what it becomes whole: %s', async (_, file) => {
  const whole = toDiscFile(file)
  for (const size of [61, 65_536, file.byteLength]) {
    const opened = await openLargeFile(inPieces(file, size), 'converted').catch(() => null)
    // Deflated, or without anything large in it: it goes the other way.
    if (!opened || opened.transferSyntaxUid.endsWith('.99')) continue
    expect((await collect(opened.pieces)).equals(whole.bytes)).toBe(true)
    expect(opened.conversion).toBe(whole.conversion)
  }
})

test('what cannot be converted in passing goes byte for byte, but for its preamble (S48)', async () => {
  const file = dicomFile(withPixels('OW'), { encoding: 'big', preamble: Buffer.alloc(128, 'MZ') })
  const cut = file.subarray(0, file.byteLength - 50_000)
  await expect(collect((await openLargeFile(inPieces(cut, 999), 'converted')).pieces)).rejects.toThrow(
    /cut short/,
  )
  const expected = Buffer.from(cut).fill(0, 0, 128)
  const { pieces, transferSyntaxUid } = await openLargeFile(inPieces(cut, 999), 'as stored')
  expect((await collect(pieces)).equals(expected)).toBe(true)
  expect(transferSyntaxUid).toBe('1.2.840.10008.1.2.2')
  const { instances } = await prepared(cut)
  expect(instances).toMatchObject([{ streamed: 'as stored', length: cut.byteLength }])
})

test.each([
  ['implicit', 4],
  ['explicit', 4],
  ['big', 96],
] as const)(
  'a large %s instance of %i MiB is prepared and sent without being held',
  async (encoding, mebibytes) => {
    const file = large(mebibytes, encoding)
    const expected = toDiscFile(file).bytes
    collectGarbage()
    const before = process.memoryUsage().arrayBuffers
    let most = 0
    const watched = async function* () {
      for (let at = 0; at < file.byteLength; at += 65_536) {
        // A copy each time, as from a socket.
        yield Buffer.from(file.subarray(at, at + 65_536))
        if (at % MiB === 0) await pause(0)
        // What is held, not what waits to be collected: that depends on what else the process does.
        if (at % (8 * MiB) === 0) collectGarbage()
        if (at % (8 * MiB) === 0) most = Math.max(most, process.memoryUsage().arrayBuffers - before)
      }
    }
    const manifest = await prepared(file, watched)
    expect(manifest.instances).toMatchObject([
      {
        streamed: 'converted',
        length: expected.byteLength,
        sha256: sha256(expected),
        crc32: crc32(expected),
      },
    ])

    const { iso } = planDisc({ manifests: [manifest], content: CONTENT, date: DISC_DATE })
    const extent = iso.extents.find(({ file: { instance: found } }) => found)
    const digest = createHash('sha256')
    let at = 0
    for await (const chunk of writeDisc(iso, never, { streamInstance: fromStart(watched) })) {
      const from = Math.max(0, (extent?.start ?? 0) - at)
      const to = Math.max(0, (extent?.end ?? 0) - at)
      digest.update(chunk.subarray(from, to))
      at += chunk.byteLength
    }
    expect(at).toBe(iso.size)
    expect(digest.digest('hex')).toBe(sha256(expected))
    expect(most).toBeLessThan(64 * MiB)
  },
)

test('any part of a disc with large instances equals that part of the whole', async () => {
  const { iso, stream, whole } = await discWith(large(3, 'big'))
  for (let round = 0; round < 40; round++) {
    const start = (round * 104_729) % iso.size
    const end = Math.min(iso.size, start + ((round * 79_193) % 2_000_000))
    expect((await part(iso, { start, end, streamInstance: stream })).equals(whole.subarray(start, end))).toBe(
      true,
    )
  }
})

test('an archive that breaks off in the middle, as by a client’s stall, is asked again: the disc is the same', async () => {
  const { iso, file, whole } = await discWith(large(3, 'implicit'))
  let opened = 0
  const breaking = async function* () {
    opened++
    for await (const chunk of inPieces(file, 65_536 + opened)) {
      yield chunk
      if (opened < 3 && Math.random() < 0.2) throw new Error('ECONNRESET')
    }
    if (opened < 3) throw new Error('ECONNRESET')
  }
  const got = await part(iso, { streamInstance: fromStart(breaking) })
  expect(got.equals(whole)).toBe(true)
  expect(opened).toBe(3)
})

test('what goes as it is stored is read from where the range begins to where it ends, and no further', async () => {
  for (const [encoding, isAsStored] of [
    ['explicit', true],
    ['big', false],
  ] as const) {
    const { iso, file, whole } = await discWith(large(3, encoding))
    const extent = iso.extents.find(({ file: { instance: found } }) => found)?.start ?? 0
    const asked: number[] = []
    let read = 0
    const streamInstance: WriteOptions['streamInstance'] = async (_, start) => {
      asked.push(start)
      return { start, pieces: counted(inPieces(file.subarray(start), 65_536)) }
    }
    async function* counted(pieces: AsyncIterable<Uint8Array>) {
      for await (const piece of pieces) {
        read += piece.byteLength
        yield piece
      }
    }
    const [start, end] = [extent + 2_000_000, extent + 2_300_000]
    expect((await part(iso, { start, end, streamInstance })).equals(whole.subarray(start, end))).toBe(true)
    expect(asked).toEqual([isAsStored ? 2_000_000 : 0])
    if (isAsStored) expect(read).toBeLessThan(300_000 + 2 * 65_536)
    // The preamble is not as it was stored.
    expect(
      (await part(iso, { start: extent + 100, streamInstance })).equals(whole.subarray(extent + 100)),
    ).toBe(true)
    expect(asked.at(-1)).toBe(0)
  }
})

test('an archive that breaks off inside a range goes on there, but not from the beginning of what may be another file', async () => {
  const { iso, file, whole } = await discWith(large(3, 'explicit'))
  const start = (iso.extents.find(({ file: { instance: found } }) => found)?.start ?? 0) + 1_000_000
  const asked: number[] = []
  async function* broken(from: number) {
    yield file.subarray(from, from + 500_000)
    throw new Error('ECONNRESET')
  }
  const breaking = (again: (from: number) => OpenedFile) =>
    part(iso, {
      start,
      streamInstance: async (_, from) => {
        asked.push(from)
        return asked.length === 1 ? { start: from, pieces: broken(from) } : again(from)
      },
    })
  const going = (from: number) => ({ start: from, pieces: inPieces(file.subarray(from), 65_536) })
  expect((await breaking(going)).equals(whole.subarray(start))).toBe(true)
  expect(asked).toEqual([1_000_000, 1_500_000])
  asked.length = 0
  await expect(breaking(() => going(0))).rejects.toThrow('changed since the manifest')
})

test.each([
  ['another', (file: Buffer) => Buffer.from(file).fill(9, file.byteLength - 5)],
  ['shorter', (file: Buffer) => file.subarray(0, file.byteLength - 2)],
  ['longer', (file: Buffer) => Buffer.concat([file, Buffer.alloc(2)])],
])('a large instance that is %s now never comes whole', async (_, change) => {
  const { iso, file } = await discWith(large(3, 'explicit'))
  const extent = iso.extents.find(({ file: { instance: found } }) => found)
  let sent = 0
  const sending = async () => {
    for await (const chunk of writeDisc(iso, never, {
      streamInstance: fromStart(() => inPieces(change(file), 65_536)),
    })) {
      sent += chunk.byteLength
    }
  }
  await expect(sending()).rejects.toThrow(/changed since the manifest|bytes planned/)
  expect(sent).toBeLessThan(extent?.end ?? 0)
})

test('an instance over 4 GiB streams through, known to be huge, in bounded memory', async () => {
  const fragment = Buffer.alloc(4 * MiB, 5)
  const start = dicomFile(instance({ add: [[0x7fe00010, 'OB', { fragments: [Buffer.alloc(0)] }]] }), {
    transferSyntax: '1.2.840.10008.1.2.4.90',
  })
  const head = start.subarray(0, start.byteLength - 8)
  const header = Buffer.from('feff00e000004000', 'hex')
  const stream = async function* () {
    yield head
    for (let index = 0; index < 1030; index++) {
      yield header
      yield fragment
    }
    yield start.subarray(-8)
  }
  let length = 0
  let sum = 0
  for await (const chunk of stream()) {
    length += chunk.byteLength
    sum = crc32(chunk, sum)
  }
  const manifest = await prepared(start)
  const instances = manifest.instances.map((each) => ({ ...each, length, crc32: sum }))
  const plan = planDisc({ manifests: [{ ...manifest, instances }], content: CONTENT, date: DISC_DATE })
  expect([plan.profile.hugeFile, plan.medium, length > 2 ** 32]).toEqual([true, 'DVD', true])
  const before = process.memoryUsage().arrayBuffers
  let sent = 0
  let most = 0
  for await (const chunk of writeDisc(plan.zip, never, { streamInstance: fromStart(stream) })) {
    sent += chunk.byteLength
    most = Math.max(most, process.memoryUsage().arrayBuffers - before)
  }
  expect(sent).toBe(plan.zip.size)
  expect(most).toBeLessThan(64 * MiB)
})

const large = (mebibytes: number, encoding: 'implicit' | 'explicit' | 'big'): Buffer =>
  dicomFile(
    withPixels('OW', [[0x7fe00010, 'OW', Buffer.alloc(mebibytes * MiB, 'pixels')], ...AFTER]).filter(
      ([tag, , value]) => tag !== 0x7fe00010 || value !== PIXELS,
    ),
    { encoding },
  )

async function discWith(file: Buffer) {
  const { iso } = planDisc({ manifests: [await prepared(file)], content: CONTENT, date: DISC_DATE })
  const stream = fromStart(() => inPieces(file, 65_536))
  return { iso, file, stream, whole: await part(iso, { streamInstance: stream }) }
}

async function prepared(file: Uint8Array, stream = () => inPieces(file, 65_536)): Promise<Manifest> {
  async function* files() {
    const size = file.byteLength
    yield { orthancId: 'large', large: { size, stream: async () => stream(), whole: async () => file } }
  }
  return await prepareManifest(files())
}

/** An archive that knows no Range. */
const fromStart =
  (stream: () => AsyncIterable<Uint8Array>): NonNullable<WriteOptions['streamInstance']> =>
  async () => ({ start: 0, pieces: stream() })

async function* inPieces(file: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < file.byteLength; at += size) yield file.subarray(at, at + size)
}

async function never(): Promise<Uint8Array> {
  throw new Error('a large instance is not fetched whole')
}

const part = (iso: Parameters<typeof writeDisc>[0], options: WriteOptions) =>
  collect(writeDisc(iso, never, options))

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = []
  for await (const chunk of chunks) all.push(Buffer.from(chunk))
  return Buffer.concat(all)
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
