import { createHash, randomBytes } from 'node:crypto'
import { afterAll, expect, test } from 'vitest'
import { type Manifest, prepareManifest } from '../../src/disc/manifest.ts'
import { startEncoder } from '../../src/shards/encoder.ts'
import { createIndexer } from '../../src/shards/indexer.ts'
import { openLarge } from '../../src/shards/large.ts'
import { viewerDeriver } from '../../src/shards/shards.ts'
import { dicomFile, type Elements, instance } from '../support/dicom.ts'

const MiB = 2 ** 20
const encoder = startEncoder()
afterAll(() => encoder.close())

const multiFrame = (frames: number, rows: number, columns: number, more: Elements = []): Elements =>
  instance({
    sopClass: '1.2.840.10008.5.1.4.1.1.3.1',
    modality: 'US',
    pixels: false,
    add: [
      [0x00280002, 'US', [1]],
      [0x00280004, 'CS', 'MONOCHROME2'],
      [0x00280008, 'IS', String(frames)],
      [0x00280010, 'US', [rows]],
      [0x00280011, 'US', [columns]],
      [0x00280100, 'US', [16]],
      [0x00280101, 'US', [16]],
      [0x00280102, 'US', [15]],
      [0x00280103, 'US', [0]],
      ...more,
    ],
  })
const eightBits: Elements = [
  [0x00280100, 'US', [8]],
  [0x00280101, 'US', [8]],
  [0x00280102, 'US', [7]],
]

/** Values that rise along, none of them the same in two frames: 17 MiB, of the given byte length. */
const values = (length = 17 * MiB): Buffer => {
  const words = new Uint16Array(length / 2)
  for (let at = 0; at < words.length; at++) words[at] = (at >> 6) + (at >> 15)
  return Buffer.from(words.buffer)
}

test.each([
  ['16 bits', multiFrame(17, 1024, 512), { encoding: 'explicit' }],
  ['big endian', multiFrame(17, 512, 1024), { encoding: 'big' }],
  ['cut short', multiFrame(40, 512, 1024), { encoding: 'explicit' }],
  // 1,023 × 1,025 bits are no whole bytes.
  ['one bit', multiFrame(136, 1023, 1025, [[0x00280100, 'US', [1]]]), { encoding: 'implicit' }],
  [
    'halved colour',
    multiFrame(17, 1024, 512, [...eightBits, [0x00280002, 'US', [3]], [0x00280004, 'CS', 'YBR_FULL_422']]),
    { encoding: 'explicit' },
  ],
  [
    'colour that is called halved and is not',
    multiFrame(22, 512, 512, [...eightBits, [0x00280002, 'US', [3]], [0x00280004, 'CS', 'YBR_FULL_422']]),
    { encoding: 'explicit' },
  ],
] as const)('what streams by is coded as what is held is: %s', async (_, dataSet, { encoding }) => {
  const file = dicomFile([...dataSet, [0x7fe00010, 'OW', values()]], { encoding })
  const { instance: streamed } = await openLarge(pieces(file), 'converted', encoder, { preview: true })
  const [one, other] = [await indexed(streamed), await indexed(await encoder.encode(file, { preview: true }))]
  // Of bits there is none, and none of a frame that is missing.
  const isPreviewed = ({ index }: typeof one) => index.instances[0]?.preview !== undefined
  expect(isPreviewed(one)).toBe(isPreviewed(other))
  expect(shownOf(one)).toEqual(shownOf(other))
})

test('a file of any length is coded in bounded memory, and what hardly shrinks ends before it fills the disc', async () => {
  const FRAMES = 160
  const noise = randomBytes(MiB)
  const file = dicomFile([...multiFrame(FRAMES, 512, 1024), [0x7fe00010, 'OW', noise]])
  const head = file.subarray(0, file.byteLength - MiB)
  head.writeUInt32LE(FRAMES * MiB, head.byteLength - 4)
  let given = 0
  async function* stream() {
    yield head
    for (; given < FRAMES; given++) yield noise
  }
  const { instance: streamed } = await openLarge(stream(), 'converted', encoder, { preview: true })
  let written = 0
  let most = 0
  const { index } = await indexed(streamed, (bytes) => {
    written += bytes.byteLength
    most = Math.max(most, given * MiB - written)
  })
  // What was read and is not written yet: a group of frames, and what of it was coded.
  expect(most).toBeLessThan(24 * MiB)
  const failed = Object.entries(index.instances[0]?.pixels?.failed ?? {})
  expect(index.instances[0]?.pixels?.frames).toBe(FRAMES)
  expect(written).toBeGreaterThan(64 * MiB)
  expect(written).toBeLessThan(80 * MiB)
  expect(failed.length).toBeGreaterThan(FRAMES / 2)
  expect(failed.at(-1)).toEqual([String(FRAMES - 1), 'too-large'])
})

test('compressed frames of a file that is not held are told as too large, and what has no pixels is as it is', async () => {
  const jpeg = { fragments: [Buffer.alloc(0), Buffer.alloc(1000, 1)] }
  const file = dicomFile([...multiFrame(2, 8, 8), [0x7fe00010, 'OB', jpeg]], {
    transferSyntax: '1.2.840.10008.1.2.4.90',
  })
  const { instance: shown } = await openLarge(pieces(file), 'converted', encoder, { preview: true })
  expect((await indexed(shown)).index.instances[0]?.pixels?.failed).toEqual({
    0: 'too-large',
    1: 'too-large',
  })
  const spectra = dicomFile(instance({ pixels: false, add: [[0x56000020, 'OF', values(1000)]] }))
  const { instance: none, sample } = await openLarge(pieces(spectra), 'converted', encoder, { preview: true })
  expect(none).toBeNull()
  expect(await encoder.encode(sample, { preview: false })).toMatchObject({ pixels: null })
})

test('what is native and long is never fetched whole, what is compressed or small is', async () => {
  const small = dicomFile(instance())
  const [one] = (await manifestOf(small)).instances
  if (!one) throw new Error('nothing was described')
  const asked: string[] = []
  const instances = [
    { ...one, orthancId: 'native', length: 17 * MiB },
    { ...one, orthancId: 'compressed', length: 100 * MiB, transferSyntaxUid: '1.2.840.10008.1.2.4.50' },
    { ...one, orthancId: 'too long', length: 200 * MiB, transferSyntaxUid: '1.2.840.10008.1.2.4.50' },
    { ...one, orthancId: 'small', length: 2 * MiB },
  ].map((each, number) => ({ ...each, sopInstanceUid: `1.2.${number}`, streamed: 'converted' as const }))
  const fetchFile = async (id: string) => {
    asked.push(`whole ${id}`)
    return new Uint8Array(small)
  }
  const streamFile = async (id: string) => {
    asked.push(`stream ${id}`)
    return pieces(small)
  }
  await viewerDeriver(fetchFile, streamFile).derive({
    orthancId: 'study',
    manifest: { ...(await manifestOf(small)), instances },
    progress: () => undefined,
    signal: new AbortController().signal,
    write: async (_, { byteLength: length }) => ({ offset: 0, length, sha256: '', crc32: 0 }),
  })
  expect(asked.sort()).toEqual(['stream native', 'stream too long', 'whole compressed', 'whole small'])
})

async function* pieces(file: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < file.byteLength; at += 65_521) yield file.subarray(at, at + 65_521)
}

const manifestOf = (bytes: Uint8Array): Promise<Manifest> =>
  prepareManifest(
    (async function* () {
      yield { orthancId: 'one', bytes }
    })(),
  )

/** The data files of one instance, and the index of them. */
async function indexed(
  shown: Parameters<ReturnType<typeof createIndexer>['add']>[0],
  onWrite: (bytes: Uint8Array) => void = () => undefined,
) {
  const made = new Map<string, Uint8Array>()
  const indexer = createIndexer(async (name, bytes) => {
    onWrite(bytes)
    made.set(name, bytes)
  }, 0)
  await indexer.add(shown)
  indexer.endSeries()
  return { index: await indexer.finish(), made }
}

/** All but the preview, for which another frame may stand. */
function shownOf({ made, index }: Awaited<ReturnType<typeof indexed>>) {
  const data = [...made].filter(([name]) => name.startsWith('S'))
  return {
    data: data.map(([name, bytes]) => [name, createHash('sha256').update(bytes).digest('hex')]),
    instances: index.instances.map(({ preview: _, ...others }) => others),
  }
}
