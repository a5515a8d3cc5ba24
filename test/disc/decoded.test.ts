import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deflateRawSync } from 'node:zlib'
import dicomParser from 'dicom-parser'
import { afterAll, expect, test } from 'vitest'
import { planDisc } from '../../src/disc/disc.ts'
import { LARGE_FILE } from '../../src/disc/large-file.ts'
import { createCodecs } from '../../src/pixels/pixels.ts'
import { dicomFile, type Elements } from '../support/dicom.ts'
import {
  type Archive,
  archiveOf,
  bytesOfDisc,
  CONTENT,
  DISC_DATE,
  discOf,
  manifestOf,
} from '../support/disc.ts'
import { converted, nativePixels, picture, pictured, type Shape } from '../support/pixels.ts'

const codecs = createCodecs({ threads: 2 })
afterAll(() => codecs.close())

/** The instances of a disc as they are sent, by the id of the archive. */
async function sentFiles(archive: Archive, decode = codecs.decodeFile) {
  const plan = await discOf(archive, CONTENT, decode)
  const image = await bytesOfDisc(plan.iso, archive, { decode })
  const files = new Map<string, Buffer>()
  for (const { file, start, end } of plan.iso.extents)
    if (file.instance) files.set(file.instance.orthancId, image.subarray(start, end))
  const text = image.toString('latin1')
  return {
    plan,
    files,
    readme: text.slice(text.indexOf('RADIOLOGY EXAMS'), text.indexOf('with the software Ritiro')),
  }
}
const textOf = (file: Uint8Array, tag: string) => dicomParser.parseDicom(file).string(tag)

const numbered = (number: number): Elements => [[0x00080018, 'UI', `1.2.3.${number}`]]
const file = (number: number, shape: Shape, add: Elements = []) =>
  dicomFile(pictured(shape, [...numbered(number), ...add]))

/** What a disc that holds JPEG conforms to: no profile of CD allows any compression. */
const BESIDE_JPEG = ['STD-GEN-DVD-JPEG', 'STD-GEN-USB-JPEG']

/** How it comes, and what others make of it. */
const OUTSIDE: readonly [
  name: string,
  coded: () => Buffer,
  decoded: (file: Buffer) => Buffer,
  photometric: string,
][] = [
  [
    'RLE',
    () => converted(file(1, { stored: 12 }), 'dcmcrle'),
    (coded) => converted(coded, 'dcmdrle'),
    'MONOCHROME2',
  ],
  [
    'RLE in colour, three frames',
    () => converted(file(1, { samples: 3, allocated: 8, frames: 3 }), 'dcmcrle'),
    (coded) => converted(coded, 'dcmdrle'),
    'RGB',
  ],
  [
    'JPEG-LS',
    () => converted(file(1, { signed: true, frames: 2 }), 'dcmcjpls'),
    (coded) => converted(coded, 'dcmdjpls'),
    'MONOCHROME2',
  ],
  [
    'JPEG-LS, near-lossless',
    () => converted(file(1, { stored: 12 }), 'dcmcjpls', '+en'),
    (coded) => converted(coded, 'dcmdjpls'),
    'MONOCHROME2',
  ],
  [
    'JPEG lossless of another predictor (.57)',
    () => converted(file(1, { stored: 12 }), 'dcmcjpeg', '+el', '+sv', '6'),
    (coded) => converted(coded, 'dcmdjpeg'),
    'MONOCHROME2',
  ],
]

test.each(OUTSIDE)(
  '%s is in no profile: decoded, to the bit as dcmtk does, and STD-GEN-CD is claimed (PS3.11)',
  async (_, coded, decoded, photometric) => {
    const stored = coded()
    const { plan, files } = await sentFiles(archiveOf([stored]))
    expect(plan.profile.names[0]).toBe('STD-GEN-CD')
    const sent = files.get('instance-0') ?? Buffer.alloc(0)
    const theirs = decoded(stored)
    expect(nativePixels(sent)).toEqual(nativePixels(theirs))
    expect(textOf(sent, 'x00020010')).toBe('1.2.840.10008.1.2.1')
    expect(textOf(sent, 'x00280004')).toBe(photometric)
    // Who it is, and all that is said of losses, stays.
    for (const tag of ['x00080018', 'x00020003', 'x00282110', 'x00282112', 'x00282114', 'x00080008'])
      expect(textOf(sent, tag), tag).toBe(textOf(stored, tag))
    expect(complaints(sent)).toEqual(complaints(theirs))
  },
)

/** Errors that dciodvfy finds: none more than in what dcmtk wrote. */
function complaints(file: Buffer): string[] {
  const directory = mkdtempSync(join(tmpdir(), 'ritiro-decoded-'))
  try {
    writeFileSync(join(directory, 'file'), file)
    execFileSync('dciodvfy', [join(directory, 'file')], { stdio: 'pipe' })
    return []
  } catch (error) {
    const { stderr } = error as { stderr: Buffer }
    return stderr
      .toString()
      .split('\n')
      .filter((line) => line.startsWith('Error'))
  } finally {
    rmSync(directory, { recursive: true })
  }
}

test('deflated frames become native, single bits without gaps between frames (PS3.5 §8.1.1)', async () => {
  const bits = [0b10110001, 0b11, 0b01011100, 0b01]
  const frames = [bits.slice(0, 2), bits.slice(2)].map((frame) => {
    const deflated = deflateRawSync(Uint8Array.from(frame))
    return deflated.byteLength % 2 ? Buffer.concat([deflated, Buffer.alloc(1)]) : deflated
  })
  const stored = dicomFile(
    pictured({ rows: 2, columns: 5, frames: 2 }, [
      ...numbered(1),
      [0x00280100, 'US', [1]],
      [0x00280101, 'US', [1]],
      [0x00280102, 'US', [0]],
      [0x7fe00001, 'OV', Buffer.alloc(16)],
      [0x7fe00002, 'OV', Buffer.alloc(16)],
      [0x7fe00010, 'OB', { fragments: [Buffer.alloc(0), ...frames] }],
    ]),
    { transferSyntax: '1.2.840.10008.1.2.8.1' },
  )
  const { files } = await sentFiles(archiveOf([stored]))
  const sent = files.get('instance-0') ?? Buffer.alloc(0)
  // Ten bits 1000110111, lowest first, then ten more at once.
  expect([...nativePixels(sent)]).toEqual([0b10110001, 0b01110011, 0b00000101, 0])
  // Tables of the fragments that are no more.
  expect(dicomParser.parseDicom(sent).elements.x7fe00001).toBeUndefined()
  expect(dicomParser.parseDicom(sent).elements.x7fe00002).toBeUndefined()
})

test('JPEG and JPEG 2000 never go together: beside JPEG, JPEG 2000 is decoded, also from another study (PS3.11)', async () => {
  const jpeg = converted(file(1, { samples: 3, allocated: 8 }), 'dcmcjpeg', '+eb')
  const j2k = converted(file(2, { samples: 3, allocated: 8 }), 'gdcmconv', '--j2k')
  const decoded = converted(j2k, 'gdcmconv', '--raw')
  const archive = archiveOf([jpeg, j2k])
  const { plan, files } = await sentFiles(archive)
  expect(plan.profile.names).toEqual(BESIDE_JPEG)
  expect(textOf(files.get('instance-0') ?? jpeg, 'x00020010')).toBe('1.2.840.10008.1.2.4.50')
  const sent = files.get('instance-1') ?? j2k
  expect(textOf(sent, 'x00020010')).toBe('1.2.840.10008.1.2.1')
  expect(textOf(sent, 'x00280004')).toBe('RGB')
  expect(nativePixels(sent)).toEqual(nativePixels(decoded))

  // Two manifests, each of one kind.
  const only = async (id: string) => manifestOf(new Map([[id, archive.get(id) ?? jpeg]]), codecs.decodeFile)
  const manifests = [await only('instance-0'), await only('instance-1')]
  expect(planDisc({ manifests, content: CONTENT, date: DISC_DATE }).profile.names).toEqual(BESIDE_JPEG)
  const alone = planDisc({ manifests: manifests.slice(1), content: CONTENT, date: DISC_DATE })
  expect(alone.profile.names).toEqual(['STD-GEN-DVD-J2K', 'STD-GEN-USB-J2K'])
})

test('nor do large ones: alone JPEG 2000 streams by as it is, beside JPEG it is decoded', async () => {
  const jpeg = converted(file(1, { samples: 3, allocated: 8 }), 'dcmcjpeg', '+eb')
  const j2k = converted(file(2, { rows: 740, columns: 740, noise: 1 }), 'gdcmconv', '--j2k')
  expect(j2k.byteLength).toBeGreaterThan(LARGE_FILE)
  const archive = archiveOf([jpeg, j2k])
  const manifest = await manifestOf(archive, codecs.decodeFile)
  const [, large] = manifest.instances
  const sent = async (instances: typeof manifest.instances) => {
    const plan = planDisc({ manifests: [{ ...manifest, instances }], content: CONTENT, date: DISC_DATE })
    const extent = plan.iso.extents.find(({ file }) => file.instance?.orthancId === 'instance-1')
    const bytes = await bytesOfDisc(plan.iso, archive, { ...extent, decode: codecs.decodeFile })
    return { names: plan.profile.names, streamed: extent?.file.instance?.streamed, bytes }
  }
  const alone = await sent(large ? [large] : [])
  expect([alone.names, alone.streamed]).toEqual([['STD-GEN-DVD-J2K', 'STD-GEN-USB-J2K'], 'converted'])
  expect(alone.bytes.subarray(128).equals(j2k.subarray(128))).toBe(true)

  const beside = await sent(manifest.instances)
  expect([beside.names, beside.streamed]).toEqual([BESIDE_JPEG, undefined])
  expect(textOf(beside.bytes, 'x00020010')).toBe('1.2.840.10008.1.2.1')
  const theirs = nativePixels(converted(j2k, 'gdcmconv', '--raw'))
  expect(nativePixels(beside.bytes).equals(theirs)).toBe(true)
})

test('what cannot be decoded goes as it is, no profile is claimed, and the disc says why', async () => {
  const garbage = Buffer.from('ff4fff51000000ffd9aa', 'hex')
  const fragments = (transferSyntax: string, number: number) =>
    dicomFile(
      pictured({ stored: 12 }, [
        ...numbered(number),
        [0x7fe00010, 'OB', { fragments: [Buffer.alloc(0), garbage] }],
      ]),
      { transferSyntax },
    )
  const stored = [
    fragments('1.2.840.10008.1.2.4.80', 1),
    fragments('1.2.840.10008.1.2.4.102', 2),
    file(3, {}),
  ]
  const { plan, files, readme } = await sentFiles(archiveOf(stored))
  expect(plan.profile).toEqual({
    names: [],
    hugeFile: false,
    outside: [
      { transferSyntaxUid: '1.2.840.10008.1.2.4.102', instances: 1 },
      { transferSyntaxUid: '1.2.840.10008.1.2.4.80', instances: 1 },
    ],
  })
  expect(readme).toContain('could not be')
  expect(readme).toContain('1.2.840.10008.1.2.4.80: 1')
  for (const [index, original] of stored.entries()) expect(files.get(`instance-${index}`)).toEqual(original)
})

test('a disc with decoded instances is the same from any byte on, and breaks where an instance is another now', async () => {
  const archive = archiveOf([
    converted(file(1, { stored: 12 }), 'dcmcjpls'),
    converted(picture({ signed: true }), 'dcmcrle'),
  ])
  const { decodeFile: decode } = codecs
  const { iso } = await discOf(archive, CONTENT, decode)
  const whole = await bytesOfDisc(iso, archive, { decode })
  const instances = iso.extents.filter(({ file }) => file.instance)
  const start = (instances[0]?.start ?? 0) + 1_001
  expect(await bytesOfDisc(iso, archive, { decode, start })).toEqual(whole.subarray(start))
  const changed = new Map(archive).set('instance-0', converted(file(1, { stored: 11 }), 'dcmcjpls'))
  await expect(bytesOfDisc(iso, changed, { decode })).rejects.toThrow('changed since the manifest was made')
})
