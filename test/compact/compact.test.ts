import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import dicomParser from 'dicom-parser'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { dicomFile, type Elements, instance } from '../support/dicom.ts'
import { pdfOf, visit } from '../support/fixtures.ts'
import { pin2In, type TestGateway, testGateway } from '../support/gateway.ts'
import { type TestOrthanc, testOrthanc } from '../support/orthanc.ts'
import { doctorOf, type Patient, signedIn } from '../support/patient.ts'
import { converted, nativePixels, pictured, type Shape } from '../support/pixels.ts'
import { sharedWith } from '../support/site.ts'

const CHECK_ISO = join(import.meta.dirname, '../../../shared/check-iso')
const SLICES = 8

let orthanc: TestOrthanc
let gateway: TestGateway
let patient: Patient
let path = ''
let directory = ''
/** What was sent, by SOP Instance UID. */
const originals = new Map<string, Buffer>()

const uid = (number: number) => `1.2.826.0.1.3680043.8.498.1.1.1.1.${number}`
const elements = (number: number, shape: Shape, add: Elements = []) =>
  pictured(shape, [
    [0x00080018, 'UI', uid(number)],
    [0x00080050, 'SH', 'ACC001'],
    [0x00100030, 'DA', '19800423'],
    [0x00200013, 'IS', String(number)],
    ...add,
  ])

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'ritiro-compact-'))
  const slice = { rows: 256, columns: 256, signed: true, stored: 12, noise: 0.004 }
  const colour = { rows: 64, columns: 64, samples: 3, allocated: 8 } as const
  const all: Record<string, Buffer> = {
    colour: dicomFile(elements(20, { ...colour, planar: 1 })),
    jpeg: converted(dicomFile(elements(21, colour)), 'dcmcjpeg', '+eb', '+un'),
    j2k: converted(dicomFile(elements(22, { rows: 64, columns: 64, stored: 12 })), 'gdcmconv', '--j2k'),
    jls: converted(dicomFile(elements(23, { rows: 64, columns: 64, stored: 12 })), 'dcmcjpls'),
    implicit: dicomFile(elements(24, { rows: 64, columns: 64, stored: 12 }), { encoding: 'implicit' }),
    single: dicomFile(
      elements(25, { rows: 64, columns: 64 }, [
        [0x00280100, 'US', [1]],
        [0x00280101, 'US', [1]],
        [0x00280102, 'US', [0]],
        [0x7fe00010, 'OW', Buffer.alloc(512, 0xa5)],
      ]),
    ),
    report: dicomFile(
      instance({
        sopClass: '1.2.840.10008.5.1.4.1.1.88.11',
        modality: 'SR',
        series: 2,
        pixels: false,
        add: [
          [0x00080050, 'SH', 'ACC001'],
          [0x00100030, 'DA', '19800423'],
        ],
      }),
    ),
  }
  for (let number = 1; number <= SLICES; number++) all[`ct${number}`] = dicomFile(elements(number, slice))
  for (const [name, file] of Object.entries(all)) {
    writeFileSync(join(directory, `${name}.dcm`), file)
    originals.set(dicomParser.parseDicom(file).string('x00080018') ?? '', file)
  }
  orthanc = await testOrthanc()
  gateway = await testGateway({ orthanc })
  const { pin1 } = (await (await gateway.api('POST', '/visits', visit())).json()) as { pin1: string }
  await gateway.deliver('ACC001', await pdfOf('Referto'))
  await orthanc.send({ directory })
  patient = await signedIn(gateway, pin1, pin2In(await gateway.mailbox.waitFor(() => true)))
  path = /\/referti\/[0-9a-f-]{36}/.exec(await (await patient.get('/referti')).text())?.[0] ?? ''
  await vi.waitUntil(async () => (await page()).includes('disco.iso'), { timeout: 30_000 })
})
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]()
  await orthanc?.[Symbol.asyncDispose]()
  if (directory) rmSync(directory, { recursive: true })
})

const page = async (person = patient) => (await person.get(`${path}/disco`)).text()
const download = async (name: string, range?: string, person = patient) => {
  const response = await person.get(`${path}/${name}`, range ? { range } : {})
  return {
    status: response.status,
    headers: response.headers,
    bytes: Buffer.from(await response.arrayBuffer()),
  }
}
/** The DICOM files of a disc, by SOP Instance UID; the DICOMDIR by its name. */
function filesOf(image: Buffer, suffix: 'iso' | 'zip'): Map<string, Buffer> {
  const folder = mkdtempSync(join(tmpdir(), 'ritiro-compact-disc-'))
  try {
    const file = join(folder, `disc.${suffix}`)
    writeFileSync(file, image)
    execFileSync('7z', ['x', '-y', `-o${join(folder, 'x')}`, file], { stdio: 'pipe' })
    execFileSync('sha256sum', ['-c', '--quiet', 'SHA256.TXT'], { cwd: join(folder, 'x'), stdio: 'pipe' })
    const names = readdirSync(join(folder, 'x'), { recursive: true, encoding: 'utf8' })
    const images = names
      .filter((name) => /IM\d{6}$/.test(name))
      .map((name) => readFileSync(join(folder, 'x', name)))
    return new Map([
      ['DICOMDIR', readFileSync(join(folder, 'x', 'DICOMDIR'))],
      ...images.map((bytes) => [dicomParser.parseDicom(bytes).string('x00080018') ?? '', bytes] as const),
    ])
  } finally {
    rmSync(folder, { recursive: true })
  }
}
const syntaxOf = (file: Buffer) => dicomParser.parseDicom(file).string('x00020010')
const pixelsOf = (file: Buffer) => {
  switch (syntaxOf(file)) {
    case '1.2.840.10008.1.2.4.90':
      return nativePixels(converted(file, 'gdcmconv', '--raw'))
    case '1.2.840.10008.1.2.4.80':
      return nativePixels(converted(file, 'dcmdjpls'))
    case '1.2.840.10008.1.2':
      return nativePixels(converted(file, 'dcmconv', '+te'))
    default:
      return nativePixels(converted(file, 'dcmdjpeg'))
  }
}

test('the compact disc is made when asked for: its size before and after, progress, the same for a doctor', async () => {
  expect(await page()).toContain('Prepara la versione compatta')
  expect((await download('disco-compatto.iso')).status).toBe(503)
  const { publicationId } = { publicationId: path.split('/').at(-1) ?? '' }
  const shared = await sharedWith(patient, [publicationId])
  const doctor = await doctorOf(gateway, shared.token, shared.pin)
  expect(await page(doctor)).toContain('Prepara la versione compatta')

  const asked = await doctor.post(`${path}/disco-compatto`)
  expect([asked.status, asked.headers.get('location')]).toEqual([303, `${path}/disco#compact`])
  // Asked twice is asked once.
  await patient.post(`${path}/disco-compatto`)
  await vi.waitUntil(async () => (await page()).includes('disco-compatto.iso'), { timeout: 60_000 })
  expect(await page(doctor)).toContain('disco-compatto.zip')
  const [, shown] = /(\d[\d,]* [kM]B) invece di (\d[\d,]* [kM]B)/.exec(await page()) ?? []
  // Of the compact disc alone, and before it is there of the full one alone.
  expect((await page()).match(/Entra su CD, DVD o chiavetta USB\./g)).toHaveLength(1)
  const { headers } = await download('disco-compatto.iso')
  const exact = Number(headers.get('content-length'))
  expect(shown).toBe(
    exact >= 999_500
      ? `${(exact / 1e6).toFixed(1).replace('.', ',')} MB`.replace(',0', '')
      : `${Math.round(exact / 1000)} kB`,
  )
  expect((await download('disco-compatto.iso', 'bytes=0-99', doctor)).status).toBe(206)
}, 60_000)

test('its pixels are those of the full disc to the bit, by dcmdjpeg; what is no such image stays as it is', async () => {
  const full = filesOf((await download('disco.iso')).bytes, 'iso')
  const compact = filesOf((await download('disco-compatto.iso')).bytes, 'iso')
  expect([...compact.keys()].sort()).toEqual([...full.keys()].sort())
  const syntaxes = new Map<string, string>()
  for (const [sopInstanceUid, original] of originals) {
    const [now, before] = [compact.get(sopInstanceUid), full.get(sopInstanceUid)]
    if (!now || !before) throw new Error('an instance is missing')
    const syntax = syntaxOf(now) ?? ''
    syntaxes.set(sopInstanceUid.split('.').at(-1) ?? '', syntax.replace('1.2.840.10008.1.2.', ''))
    if (syntax === syntaxOf(before)) expect(now).toEqual(before)
    else expect(pixelsOf(now)).toEqual(sopInstanceUid === uid(20) ? byPixel(original) : pixelsOf(original))
    expect(recordedSyntax(compact.get('DICOMDIR'), sopInstanceUid)).toBe(syntax)
  }
  expect(Object.fromEntries(syntaxes)).toMatchObject({
    ...Object.fromEntries(Array.from({ length: SLICES }, (_, index) => [index + 1, '4.70'])),
    ...{ 20: '4.70', 21: '4.50', 22: '4.70', 23: '4.70', 24: '4.70', 25: '1' },
  })
  const lengths = (files: Map<string, Buffer>) =>
    Array.from({ length: SLICES }, (_, index) => files.get(uid(index + 1))?.byteLength ?? 0).reduce(
      (a, b) => a + b,
    )
  expect(lengths(compact) / lengths(full)).toBeLessThan(0.45)
})

/** Transfer Syntax in the directory record of an instance: (0004,1512), right after (0004,1511). */
function recordedSyntax(dicomdir: Buffer | undefined, sopInstanceUid: string): string {
  const text = dicomdir?.toString('latin1') ?? ''
  for (let at = text.indexOf(sopInstanceUid); at >= 0; at = text.indexOf(sopInstanceUid, at + 1)) {
    const after = text.slice(at + sopInstanceUid.length + (sopInstanceUid.length % 2))
    if (text.slice(at - 8, at - 2) === '\x04\0\x11\x15UI' && after.startsWith('\x04\0\x12\x15UI'))
      return after.slice(8, 8 + after.charCodeAt(6)).replace(/\0$/, '')
  }
  return 'none'
}

/** Colour by plane, as it is by pixel: JPEG knows no other order (PS3.5 §8.2.1). */
function byPixel(file: Buffer): Buffer {
  const planes = nativePixels(file)
  const pixels = planes.byteLength / 3
  return Buffer.from(planes.map((_, index) => planes[(index % 3) * pixels + Math.floor(index / 3)] ?? 0))
}

test('it conforms to STD-GEN-DVD-JPEG, and every reader accepts it', async () => {
  const { bytes } = await download('disco-compatto.iso')
  expect(bytes.includes('it is on: STD-GEN-DVD-JPEG, STD-GEN-USB-JPEG.')).toBe(true)
  if (!existsSync(CHECK_ISO)) return
  const image = join(directory, 'compact.iso')
  writeFileSync(image, bytes)
  const said = execFileSync(CHECK_ISO, [image], { encoding: 'utf8' })
  rmSync(image)
  expect(said).toMatch(/ 0 failed/)
})

test('it goes on from any byte, as ISO and as ZIP, on another gateway too, and never mixes with the full disc', async () => {
  for (const packing of ['iso', 'zip']) {
    const whole = await download(`disco-compatto.${packing}`)
    const etag = whole.headers.get('etag')
    for (const start of [1, Math.floor(whole.bytes.byteLength * 0.37), whole.bytes.byteLength - 7]) {
      const rest = await download(`disco-compatto.${packing}`, `bytes=${start}-`)
      expect([rest.status, rest.headers.get('etag')]).toEqual([206, etag])
      expect(rest.bytes.equals(whole.bytes.subarray(start))).toBe(true)
    }
    expect((await download(`disco.${packing}`)).headers.get('etag')).not.toBe(etag)
    expect(whole.headers.get('content-disposition')).toContain(`-compatto.${packing}`)
  }
  filesOf((await download('disco-compatto.zip')).bytes, 'zip')
  const before = (await download('disco-compatto.iso')).bytes
  // Another process, that kept nothing in memory.
  await gateway.stop()
  await gateway.start()
  const after = (await download('disco-compatto.iso')).bytes
  expect(createHash('sha256').update(after).digest('hex')).toBe(
    createHash('sha256').update(before).digest('hex'),
  )
})
