import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { promisify } from 'node:util'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createCodecs, type Samples } from '../../src/pixels/pixels.ts'
import { type DicomJson, type Online, online, pixelsOf, slice } from './online.ts'

const CODECS = createCodecs({ threads: 1 })
const RAW = 'application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1'
const JLS = 'image/jls; transfer-syntax=1.2.840.10008.1.2.4.80'
const SAMPLES = existsSync('../shared/samples')

let o: Online
beforeAll(async () => {
  o = await online({ samples: true })
  await o.prepared()
}, 120_000)
afterAll(async () => {
  await CODECS.close()
  await o?.[Symbol.asyncDispose]()
})

describe('metadata, prepared once', () => {
  test('tells what Orthanc tells in full, of study, series and instance, with our own addresses', async () => {
    const studies = await o.json('/dicomweb/studies')
    expect(studies.length).toBeGreaterThan(SAMPLES ? 20 : 0)
    for (const study of studies) {
      const uid = firstOf(study, '0020000D')
      const path = `/studies/${uid}/metadata`
      const told = await o.json(`/dicomweb${path}`)
      const full = await archived(path)
      expect(bySop(told)).toEqual(bySop(full))
      for (const [series, instances] of Map.groupBy(full, (one) => firstOf(one, '0020000E'))) {
        const ofSeries = `/studies/${uid}/series/${series}`
        expect(bySop(await o.json(`/dicomweb${ofSeries}/metadata`))).toEqual(bySop(instances))
        const sop = firstOf(instances[0], '00080018')
        const [instance] = await o.json(`/dicomweb${ofSeries}/instances/${sop}/metadata`)
        expect(instance).toEqual(instances.find((one) => firstOf(one, '00080018') === sop))
      }
    }
  })

  test('goes out in br, gzip and plain with the same words, and not again to who has it', async () => {
    const texts = new Set<string>()
    const tags = new Set<string>()
    for (const encoding of ['br', 'gzip', 'identity', 'br;q=0, gzip', '*']) {
      const response = await o.patient.get(`${o.own.study}/metadata`, { 'accept-encoding': encoding })
      expect(response.headers.get('content-type')).toBe('application/dicom+json')
      texts.add(await response.text())
      const etag = response.headers.get('etag') ?? ''
      tags.add(etag)
      const headers = { 'accept-encoding': encoding, 'if-none-match': `"x", W/${etag}` }
      expect((await o.patient.get(`${o.own.study}/metadata`, headers)).status).toBe(304)
    }
    expect([texts.size, tags.size]).toEqual([1, 3])
    const other = { accept: 'multipart/related; type="application/dicom+xml"' }
    expect((await o.patient.get(`${o.own.study}/metadata`, other)).status).toBe(406)
  })
})

describe('frames', () => {
  test.each([
    ['multipart/related; type="image/jls"; transfer-syntax=1.2.840.10008.1.2.4.80', 200, JLS],
    [
      'multipart/related; type=image/jls; transfer-syntax=1.2.840.10008.1.2.4.80, multipart/related; type=application/octet-stream; transfer-syntax=*',
      200,
      JLS,
    ],
    [
      'multipart/related; type="image/jls"; q=0.2, multipart/related; type="application/octet-stream"; q=0.8',
      200,
      RAW,
    ],
    ['multipart/related; type="image/*"', 200, JLS],
    ['multipart/related; type="application/octet-stream"; transfer-syntax=*', 200, RAW],
    ['multipart/related; type="application/octet-stream"', 200, RAW],
    ['multipart/related', 200, RAW],
    ['*/*', 200, RAW],
    ['application/octet-stream', 200, RAW],
    ['image/jls', 200, JLS],
    ['multipart/related; type="image/jp2"', 406, ''],
    ['image/png', 406, ''],
    ['multipart/related; type="application/octet-stream"; transfer-syntax=1.2.840.10008.1.2.4.90', 406, ''],
    ['*/*; q=0', 406, ''],
  ])('PS3.18 §8.7: %s', async (accept, status, type) => {
    const response = await o.patient.get(`${o.own.slices[0]}/frames/1`, { accept })
    expect(response.status).toBe(status)
    if (status !== 200) return
    const [part] = await partsOf(response)
    expect(part?.type).toBe(type)
    expect(await samplesOf(part)).toEqual(pixelsOf(1))
  })

  test('several frames come as parts, in the order asked for, in either form', async () => {
    for (const type of ['application/octet-stream', 'image/jls']) {
      const accept = `multipart/related; type="${type}"`
      const response = await o.patient.get(`${o.own.frames}/frames/3,1`, { accept })
      expect(response.headers.get('content-type')).toContain(`multipart/related; type="${type}"`)
      const parts = await partsOf(response)
      expect(parts.map(({ location }) => location?.split('/').at(-1))).toEqual(['3', '1'])
      expect(await Promise.all(parts.map(samplesOf))).toEqual([pixelsOf(3), pixelsOf(1)])
    }
    for (const [frames, status] of [
      ['4', 404],
      ['1,4', 404],
      ['0', 404],
      ['1,,2', 404],
    ] as const)
      expect([frames, (await o.patient.get(`${o.own.frames}/frames/${frames}`)).status]).toEqual([
        frames,
        status,
      ])
    const alone = await o.patient.get(`${o.own.frames}/frames/1,2`, { accept: 'image/jls' })
    expect(alone.status).toBe(406)
  })

  test('who has the prepared frame is told so, and part of one alone can be had', async () => {
    const path = `${o.own.slices[0]}/frames/1`
    const whole = await o.patient.get(path, { accept: 'image/jls' })
    const bytes = Buffer.from(await whole.arrayBuffer())
    const etag = whole.headers.get('etag') ?? ''
    expect((await o.patient.get(path, { accept: 'image/jls', 'if-none-match': etag })).status).toBe(304)
    const some = await o.patient.get(path, { accept: 'image/jls', range: 'bytes=100-199' })
    expect([some.status, some.headers.get('content-range')]).toEqual([206, `bytes 100-199/${bytes.length}`])
    expect(Buffer.from(await some.arrayBuffer())).toEqual(bytes.subarray(100, 200))
    expect((await o.patient.get(path, { accept: 'image/jls', range: 'bytes=99999999-' })).status).toBe(416)
    const stale = await o.patient.get(path, { accept: 'image/jls', range: 'bytes=0-9', 'if-range': '"old"' })
    expect(stale.status).toBe(200)
    // In an envelope too.
    const accept = 'multipart/related; type="image/jls"'
    const enveloped = await o.patient.get(path, { accept })
    expect(Number(enveloped.headers.get('content-length'))).toBe((await enveloped.arrayBuffer()).byteLength)
    // The boundary is another each time: a weak validator (RFC 9110 §8.8.1).
    const tag = enveloped.headers.get('etag') ?? ''
    expect(tag).toMatch(/^W\/"/)
    expect((await o.patient.get(path, { accept, 'if-none-match': tag })).status).toBe(304)
    const head = await fetch(o.gateway.url + path, {
      method: 'HEAD',
      headers: { cookie: o.patient.cookie, accept },
    })
    expect([head.status, head.headers.get('content-type')]).toEqual([
      200,
      expect.stringContaining('image/jls'),
    ])
  })

  test.skipIf(!SAMPLES)(
    'of all samples: prepared ones are the stored ones to the bit; CT and MR take at most 0.40 of them',
    async () => {
      const shrunk: Record<string, number> = {}
      let compared = 0
      for (const { path, modality, rows } of await instances()) {
        const coded = await o.patient.get(`${path}/frames/1`, {
          accept: 'image/jls; transfer-syntax=1.2.840.10008.1.2.4.80',
        })
        if (coded.status === 406 || coded.status === 404) continue
        expect([path, coded.status]).toEqual([path, 200])
        const jls = { type: JLS, bytes: Buffer.from(await coded.arrayBuffer()) }
        const raw = await o.patient.get(`${path}/frames/1`, { accept: 'application/octet-stream' })
        const bytes = Buffer.from(await raw.arrayBuffer())
        expect([path, Buffer.from((await decoded(jls)).bytes).equals(bytes)]).toEqual([path, true])
        compared += 1
        if (rows >= 256) shrunk[`${modality} ${rows}`] = jls.bytes.length / bytes.length
      }
      expect(compared).toBeGreaterThan(8)
      for (const [name, share] of Object.entries(shrunk))
        if (/^(CT|MR) /.test(name)) expect([name, share < 0.4]).toEqual([name, true])
    },
  )

  test.skipIf(!SAMPLES)(
    'every sample with pixels gives them raw to who takes nothing else, JPEG 2000 too, or says 406',
    async () => {
      const statuses: Record<string, number> = {}
      for (const { path, modality, bytes } of await instances()) {
        const response = await o.patient.get(`${path}/frames/1`, { accept: 'application/octet-stream' })
        const { length } = Buffer.from(await response.arrayBuffer())
        statuses[`${modality} ${response.status}`] = (statuses[`${modality} ${response.status}`] ?? 0) + 1
        if (response.status === 200) expect([path, length]).toEqual([path, bytes])
      }
      expect(Object.keys(statuses).filter((status) => / 5/.test(status))).toEqual([])
      expect(statuses['NM 200']).toBe(1)
    },
  )
})

describe('bulk data', () => {
  test.skipIf(!SAMPLES)('of the ECG comes alone, in part, and in an envelope', async () => {
    const ecg = (await instances()).find(({ modality }) => modality === 'ECG')
    const [metadata] = await o.json(`${ecg?.path}/metadata`)
    const uri =
      /"BulkDataURI":"([^"]+)"/.exec(JSON.stringify(metadata))?.[1]?.replace(o.gateway.url, '') ?? ''
    expect(uri).toMatch(/^\/dicomweb\/studies\//)
    const alone = await o.patient.get(uri, { accept: 'application/octet-stream' })
    const bytes = Buffer.from(await alone.arrayBuffer())
    expect([alone.headers.get('content-type'), bytes.length > 0]).toEqual(['application/octet-stream', true])
    const part = await o.patient.get(uri, { range: 'bytes=0-0' })
    expect([part.status, part.headers.get('content-length')]).toEqual([206, '1'])
    const enveloped = await o.patient.get(uri, {
      accept: 'multipart/related; type="application/octet-stream"',
    })
    expect((await partsOf(enveloped))[0]?.bytes).toEqual(bytes)
    expect((await o.patient.get(uri, { accept: 'image/png' })).status).toBe(406)
    expect((await o.patient.get(uri, { accept: 'application/pdf' })).headers.get('content-type')).toBe(
      'application/pdf',
    )
  })
})

describe('pictures', () => {
  test('rendered and thumbnail of study, series, instance and frame, as JPEG or PNG', async () => {
    const [slice = ''] = o.own.slices
    const series = slice.replace(/\/instances\/.*/, '')
    for (const path of [
      `${o.own.study}/rendered`,
      `${series}/rendered`,
      `${slice}/rendered`,
      `${slice}/frames/1/rendered`,
      `${series}/thumbnail`,
      `${slice}/thumbnail`,
      `${o.own.study}/thumbnail`,
      `${slice}/frames/1/thumbnail`,
    ]) {
      for (const type of ['image/jpeg', 'image/png']) {
        const response = await o.patient.get(path, { accept: type })
        expect([path, response.status, response.headers.get('content-type')]).toEqual([path, 200, type])
        const bytes = Buffer.from(await response.arrayBuffer())
        expect(bytes.subarray(0, 4).toString('hex')).toBe(type === 'image/jpeg' ? 'ffd8ffe0' : '89504e47')
        if (type === 'image/png') expect(bytes.readUInt32BE(16)).toBe(path.endsWith('thumbnail') ? 200 : 128)
      }
    }
    const small = await o.patient.get(`${slice}/rendered?viewport=50,50&window=1600,400,linear`, {
      accept: 'image/png',
    })
    expect(Buffer.from(await small.arrayBuffer()).readUInt32BE(16)).toBe(50)
    expect((await o.patient.get(`${slice}/rendered`)).headers.get('content-type')).toBe('image/jpeg')
    expect((await o.patient.get(`${slice}/rendered`, { accept: 'image/webp' })).status).toBe(406)
    // Whoever draws makes room for all of it.
    expect((await o.patient.get(`${slice}/rendered?viewport=99999,99999`)).status).toBe(404)
  })

  test.skipIf(!SAMPLES)(
    'every sample with pixels is drawn, of its series too: what Orthanc cannot (JPEG 2000, 32 bits) is drawn here',
    async () => {
      let drawn = 0
      for (const { path, rows, columns } of await instances()) {
        if (!rows) {
          expect([path, (await o.patient.get(`${path}/rendered`)).status]).not.toEqual([path, 200])
          continue
        }
        const whole = await o.patient.get(`${path}/rendered`, { accept: 'image/png' })
        expect([path, whole.status]).toEqual([path, 200])
        const png = Buffer.from(await whole.arrayBuffer())
        expect([path, png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([path, columns, rows])
        const small = await o.patient.get(`${path.replace(/\/instances\/.*/, '')}/thumbnail`)
        expect([path, small.status, small.headers.get('content-type')]).toEqual([path, 200, 'image/jpeg'])
        drawn += 1
      }
      expect(drawn).toBeGreaterThan(15)
    },
  )
})

describe('files', () => {
  test('come enveloped, one alone too; what cannot be had is 406', async () => {
    const [path = ''] = o.own.slices
    for (const accept of [
      'multipart/related; type="application/dicom"',
      '*/*',
      'multipart/related; type="application/dicom"; transfer-syntax=*',
      'multipart/related; type="application/dicom"; transfer-syntax=1.2.840.10008.1.2',
    ]) {
      const [part] = await partsOf(await o.patient.get(path, { accept }))
      expect(part?.bytes.toString('latin1', 128, 132)).toBe('DICM')
    }
    const alone = await o.patient.get(path, { accept: 'application/dicom' })
    expect(alone.headers.get('content-type')).toMatch(/^application\/dicom/)
    const file = Buffer.from(await alone.arrayBuffer())
    expect(file.toString('latin1', 0, 132)).toBe(`${'\0'.repeat(128)}DICM`)
    expect(alone.headers.get('content-length')).toBe(`${file.length}`)
    // RFC 9110 §14: in parts as well, of GET alone.
    for (const [range, start, end] of [
      ['bytes=100-139', 100, 140],
      [`bytes=${file.length - 7}-`, file.length - 7, file.length],
    ] as const) {
      const part = await o.patient.get(path, { accept: 'application/dicom', range })
      expect([part.status, part.headers.get('content-range')]).toEqual([
        206,
        `bytes ${start}-${end - 1}/${file.length}`,
      ])
      expect(Buffer.from(await part.arrayBuffer())).toEqual(file.subarray(start, end))
    }
    const beyond = { accept: 'application/dicom', range: `bytes=${file.length}-` }
    expect((await o.patient.get(path, beyond)).status).toBe(416)
    const head = await fetch(o.gateway.url + path, {
      method: 'HEAD',
      headers: { cookie: o.patient.cookie, accept: 'application/dicom', range: 'bytes=0-9' },
    })
    expect([head.status, head.headers.get('content-length')]).toEqual([200, `${file.length}`])
    for (const accept of ['application/zip', 'multipart/related; type="image/jpeg"'])
      expect((await o.patient.get(path, { accept })).status).toBe(406)
    expect((await o.patient.get(o.own.study, { accept: 'application/dicom' })).status).toBe(406)
  })

  test('curl takes a study, its envelope and files', async () => {
    const { stdout } = await promisify(execFile)('curl', [
      ...[
        '-s',
        '-w',
        '%{http_code} %{content_type} %{size_download}',
        '-o',
        '/dev/null',
        '-b',
        o.patient.cookie,
      ],
      ...['-H', 'Accept: multipart/related; type="application/dicom"', o.gateway.url + o.own.study],
    ])
    expect(stdout).toMatch(/^200 multipart\/related; type="?application\/dicom"?.* \d{6}$/)
  })
})

test('S44: no other origin may read any of it: no CORS header, no preflight', async () => {
  for (const path of [`${o.own.study}/metadata`, `${o.own.slices[0]}/frames/1`, '/dicomweb/studies']) {
    const response = await o.patient.get(path, { origin: 'https://elsewhere.example' })
    expect([...response.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
    expect(response.headers.get('cross-origin-resource-policy')).toBe('same-origin')
    const preflight = await fetch(o.gateway.url + path, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://elsewhere.example',
        'access-control-request-method': 'GET',
        cookie: o.patient.cookie,
      },
    })
    expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([404, null])
  }
})

test('S8: a study that grows is told whole at once, and prepared anew', async () => {
  const before = await o.patient.get(`${o.own.study}/metadata`)
  await o.send(slice(3))
  await expect.poll(async () => (await o.json(`${o.own.study}/metadata`)).length, { timeout: 30_000 }).toBe(4)
  await o.prepared()
  const after = await o.patient.get(`${o.own.study}/metadata`, {
    'if-none-match': before.headers.get('etag') ?? '',
  })
  expect(after.status).toBe(200)
  const frame = o.own.slices[0]?.replace(/\.1$/, '.3')
  expect((await o.patient.get(`${frame}/frames/1`, { accept: 'image/jls' })).status).toBe(200)
})

test('what the archive had and has no more is 410, until the study is prepared anew; what never was is 404', async () => {
  const path = o.own.slices[1] ?? ''
  const sop = path.split('/').at(-1) ?? ''
  const as = { method: 'POST', as: 'administrator', body: sop } as const
  const [id] = (await (await o.orthanc.request('/tools/lookup', as)).json()) as { ID: string }[]
  await o.gateway.db.transaction(async (tx) => {
    // Whoever follows the archive's changes waits for this row: the study is not prepared anew meanwhile.
    await tx.execute(sql`select * from pacs_cursor for update`)
    await o.orthanc.request(`/instances/${id?.ID}`, { method: 'DELETE', as: 'administrator' })
    expect((await o.patient.get(path)).status).toBe(410)
    expect((await o.patient.get(`${path}9`)).status).toBe(404)
  })
})

type FoundPart = { type: string; location?: string | undefined; bytes: Buffer }

/** The parts of an answer, read independently of how it was written; one alone as the only part. */
async function partsOf(response: Response): Promise<FoundPart[]> {
  expect(response.status).toBe(200)
  const type = response.headers.get('content-type') ?? ''
  const body = Buffer.from(await response.arrayBuffer())
  if (!type.startsWith('multipart/')) return [{ type, bytes: body }]
  const boundary = /boundary="?([^";]+)/.exec(type)?.[1] ?? ''
  return body
    .toString('latin1')
    .split(`--${boundary}`)
    .slice(1, -1)
    .map((part) => {
      const [header = '', ...rest] = part.split('\r\n\r\n')
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'im').exec(header)?.[1]?.trim()
      const bytes = Buffer.from(rest.join('\r\n\r\n').replace(/\r\n$/, ''), 'latin1')
      expect(Number(field('content-length'))).toBe(bytes.length)
      return { type: field('content-type') ?? '', location: field('content-location'), bytes }
    })
}

/** A JPEG-LS code stream decoded. Its frame header (ITU-T T.87 §C.2.2) tells its shape. */
function decoded({ bytes }: FoundPart): Promise<Samples> {
  const header = bytes.indexOf(Buffer.from([0xff, 0xf7]))
  const precision = bytes[header + 4] ?? 0
  const bitsAllocated = precision > 8 ? 16 : 8
  const picture = {
    rows: bytes.readUInt16BE(header + 5),
    columns: bytes.readUInt16BE(header + 7),
    samplesPerPixel: 1,
    bitsAllocated,
    bitsStored: precision,
    highBit: precision - 1,
    signed: false,
    planar: 0 as const,
    photometric: 'MONOCHROME2',
    float: false,
  }
  return CODECS.decode(
    { ...picture, transferSyntaxUid: '1.2.840.10008.1.2.4.80', frames: [new Uint8Array(bytes)] },
    0,
  )
}

async function samplesOf(part: FoundPart | undefined): Promise<number[]> {
  if (!part) return []
  const bytes = part.type === JLS ? (await decoded(part)).bytes : part.bytes
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from({ length: bytes.byteLength / 2 }, (_, index) => view.getUint16(index * 2, true))
}

const firstOf = (told: DicomJson | undefined, tag: string): string => String(told?.[tag]?.Value?.[0] ?? '')

const bySop = (told: DicomJson[]) =>
  told.toSorted((a, b) => (firstOf(a, '00080018') < firstOf(b, '00080018') ? -1 : 1))

/** What Orthanc tells, its addresses made ours. */
async function archived(path: string): Promise<DicomJson[]> {
  const response = await o.orthanc.request(`/dicom-web${path}`, {
    as: 'administrator',
    headers: { accept: 'application/dicom+json' },
  })
  return JSON.parse(
    (await response.text()).replaceAll(`${o.orthanc.url}/dicom-web`, `${o.gateway.url}/dicomweb`),
  )
}

async function instances() {
  const found = []
  for (const study of await o.json('/dicomweb/studies'))
    for (const told of await o.json(`/dicomweb/studies/${firstOf(study, '0020000D')}/metadata`)) {
      const number = (tag: string) => Number(firstOf(told, tag))
      found.push({
        path: `/dicomweb/studies/${firstOf(told, '0020000D')}/series/${firstOf(told, '0020000E')}/instances/${firstOf(told, '00080018')}`,
        modality: firstOf(told, '00080060'),
        rows: number('00280010'),
        columns: number('00280011'),
        bytes: Math.ceil(
          (number('00280010') * number('00280011') * number('00280002') * number('00280100')) / 8,
        ),
      })
    }
  return found
}
