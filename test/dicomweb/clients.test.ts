import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { dicomFile, type Elements } from '../support/dicom.ts'
import { testOrthanc } from '../support/orthanc.ts'
import { converted, nativePixels, pictured } from '../support/pixels.ts'
import { COMMON, type Online, online, pixelsOf, slice, wideImage } from './online.ts'

let o: Online
beforeAll(async () => {
  o = await online({ storage: true })
  await o.prepared()
}, 120_000)
afterAll(() => o?.[Symbol.asyncDispose]())

test('dicomweb-client, unchanged, in a browser: searches, metadata, frames, files, pictures, bulk data', async () => {
  const browser = await launchBrowser()
  try {
    const context = await browser.newContext()
    const [name = '', value = ''] = o.patient.cookie.split('=')
    const cookie = { name, value, domain: 'localhost', path: '/', secure: true, httpOnly: true }
    await context.addCookies([cookie])
    const page = await context.newPage()
    await page.goto(`${o.gateway.url}/referti`)
    await page.evaluate(readFileSync(createRequire(import.meta.url).resolve('dicomweb-client'), 'utf8'))
    const [study = '', series = '', sop = ''] =
      /studies\/(.+)\/series\/(.+)\/instances\/(.+)/.exec(o.own.slices[0] ?? '')?.slice(1) ?? []
    const found = await page.evaluate(useClient, { study, series, sop })
    expect(found).toEqual({
      studies: [study],
      series: 2,
      instances: 3,
      metadata: [3, 2, 1],
      frame: pixelsOf(1).slice(0, 8),
      file: 'DICM',
      files: [3, 2],
      picture: [0xff, 0xd8],
      thumbnail: [0xff, 0xd8],
    })
  } finally {
    await browser.close()
  }
})

test('Orthanc’s own DICOMweb client takes the study from the gateway, and nothing of anybody else', async () => {
  await using theirs = await testOrthanc({
    dicomWebServers: {
      ritiro: { Url: `${o.gateway.url}/dicomweb`, HttpHeaders: { Cookie: o.patient.cookie } },
    },
  })
  const ask = async (path: string, body: unknown) => {
    const response = await theirs.request(path, {
      method: 'POST',
      as: 'administrator',
      body: JSON.stringify(body),
    })
    expect([path, response.status]).toEqual([path, 200])
    return response
  }
  const study = o.own.study.split('/').at(-1)
  const search = await ask('/dicom-web/servers/ritiro/qido', { Uri: '/studies', Arguments: {} })
  expect(Object.keys((await search.json()) as object)).toHaveLength(1)
  await ask('/dicom-web/servers/ritiro/retrieve', { Resources: [{ Study: study }] })
  const instances = (await (await theirs.request('/instances?expand', { as: 'administrator' })).json()) as {
    MainDicomTags: { SOPInstanceUID: string }
  }[]
  const sent = [slice(1), slice(2)].map((elements) =>
    String(elements.find(([tag]) => tag === 0x00080018)?.[2]),
  )
  expect(instances.map(({ MainDicomTags }) => MainDicomTags.SOPInstanceUID)).toEqual(
    expect.arrayContaining(sent),
  )
  expect(instances).toHaveLength(3)
})

test('32 bits, which Orthanc does not draw, are drawn here: a browser reads the greys', async () => {
  const values = [0, 1_000_000_000, 2_000_000_000, 4_000_000_000]
  const elements = wideImage(values)
  await o.send(elements)
  const uid = (tag: number) => String(elements.find(([found]) => found === tag)?.[2])
  const path = `${o.own.study}/series/${uid(0x0020000e)}/instances/${uid(0x00080018)}`
  await expect
    .poll(async () => (await o.patient.get(`${path}/metadata`)).status, { timeout: 30_000 })
    .toBe(200)
  const drawn = await o.patient.get(`${path}/rendered`, { accept: 'image/png' })
  expect(drawn.status).toBe(200)
  const png = Buffer.from(await drawn.arrayBuffer()).toString('base64')
  const browser = await launchBrowser()
  try {
    const page = await browser.newPage()
    expect(await page.evaluate(greysOf, png)).toEqual([0, 64, 128, 255])
  } finally {
    await browser.close()
  }
  for (const [query, status] of [
    ['/rendered?viewport=1,1&window=1,2,linear-exact&quality=50', 200],
    ['/frames/2/rendered', 404],
    ['/rendered?quality=101', 404],
  ] as const)
    expect([query, (await o.patient.get(path + query)).status]).toEqual([query, status])
})

test('frames of JPEG 2000, which Orthanc does not decode, are decoded here, each by itself: one of them, several, drawn', async () => {
  const own: Elements = [
    ...Object.entries(COMMON).map(([tag, [vr, value]]) => [Number(tag), vr, value] as const),
    [0x0020000e, 'UI', '1.2.826.0.1.3680043.8.498.1.1.1.77'],
    [0x00080018, 'UI', '1.2.826.0.1.3680043.8.498.1.1.1.77.1'],
  ]
  const file = dicomFile(pictured({ frames: 3, stored: 12 }, own))
  const folder = await mkdtemp(join(tmpdir(), 'ritiro-j2k-'))
  await writeFile(join(folder, 'j2k.dcm'), converted(file, 'gdcmconv', '--j2k'))
  await o.orthanc.send([join(folder, 'j2k.dcm')])
  await rm(folder, { recursive: true })
  const path = `${o.own.study}/series/1.2.826.0.1.3680043.8.498.1.1.1.77/instances/1.2.826.0.1.3680043.8.498.1.1.1.77.1`
  await expect
    .poll(async () => (await o.patient.get(`${path}/metadata`)).status, { timeout: 30_000 })
    .toBe(200)
  const pixels = nativePixels(file)
  const frame = (number: number) =>
    pixels.subarray(((number - 1) * pixels.length) / 3, (number * pixels.length) / 3)
  const alone = await o.patient.get(`${path}/frames/2`, { accept: 'application/octet-stream' })
  expect(Buffer.from(await alone.arrayBuffer()).equals(frame(2))).toBe(true)
  const accept = 'multipart/related; type="application/octet-stream"'
  const several = await o.patient.get(`${path}/frames/3,1`, { accept })
  const body = Buffer.from(await several.arrayBuffer())
  expect(body.indexOf(frame(3))).toBeGreaterThan(0)
  expect(body.indexOf(frame(1))).toBeGreaterThan(body.indexOf(frame(3)))
  expect(body.includes(frame(2))).toBe(false)
  for (const [query, status] of [
    ['/frames/4', 404],
    ['/frames/3/rendered', 200],
    ['/frames/4/rendered', 404],
  ] as const)
    expect([query, (await o.patient.get(path + query)).status]).toEqual([query, status])
})

test('raw frames come straight from the archive’s folder, where that may be read: also while the archive is away', async () => {
  await o.prepared()
  const [path = ''] = o.own.slices
  const accept = 'multipart/related; type="application/octet-stream"; transfer-syntax=*'
  const wanted = [
    [`${path}/frames/1`, 1],
    [`${o.own.frames}/frames/1`, 1],
    [`${o.own.frames}/frames/3`, 3],
  ] as const
  const before = await Promise.all(wanted.map(([frame]) => o.patient.get(frame, { accept })))
  await o.orthanc.kill()
  try {
    for (const [index, [frame, number]] of wanted.entries()) {
      const alone = await o.patient.get(frame, { accept: 'application/octet-stream' })
      expect([frame, alone.status]).toEqual([frame, 200])
      expect([...new Uint16Array(await alone.arrayBuffer())]).toEqual(pixelsOf(number))
      const part = await o.patient.get(frame, { accept, range: 'bytes=0-3' })
      expect(contentOf(await part.text())).toBe(contentOf((await before[index]?.text()) ?? ''))
    }
    const some = await o.patient.get(`${path}/frames/1`, {
      accept: 'application/octet-stream',
      range: 'bytes=2-5',
    })
    expect([some.status, ...new Uint16Array(await some.arrayBuffer())]).toEqual([
      206,
      ...pixelsOf(1).slice(1, 3),
    ])
    // What is not there, and what only the archive knows.
    expect((await o.patient.get(`${o.own.frames}/frames/4`, { accept })).status).toBe(503)
    expect((await o.patient.get(path)).status).toBe(503)
  } finally {
    await o.orthanc.start()
  }
  expect((await o.patient.get(`${o.own.frames}/frames/4`, { accept })).status).toBe(404)
})

/** What is between the header of the only part and its end: boundaries are made anew each time. */
const contentOf = (multipart: string): string =>
  multipart
    .split('\r\n\r\n')
    .slice(1)
    .join()
    .replace(/\r\n--[^\r]*--\s*$/, '')

/** In a page. */
async function greysOf(png: string): Promise<number[]> {
  const image = new Image()
  image.src = `data:image/png;base64,${png}`
  await image.decode()
  const context = new OffscreenCanvas(image.width, image.height).getContext('2d')
  context?.drawImage(image, 0, 0)
  const { data } = context?.getImageData(0, 0, image.width, image.height) ?? { data: [] }
  return [...data].filter((_, index) => index % 4 === 0)
}

type Client = Record<string, (options: object) => Promise<never>>

/** In the page. */
async function useClient({ study, series, sop }: { study: string; series: string; sop: string }) {
  const { DICOMwebClient } = window as unknown as {
    DICOMwebClient: { api: { DICOMwebClient: new (options: object) => Client } }
  }
  const client = new DICOMwebClient.api.DICOMwebClient({ url: `${location.origin}/dicomweb` })
  const of = { studyInstanceUID: study, seriesInstanceUID: series, sopInstanceUID: sop }
  const call = async <Result>(name: string, options: object): Promise<Result> => {
    try {
      return await (client[name] as (options: object) => Promise<Result>)(options)
    } catch (error) {
      throw new Error(`${name}: ${error instanceof Error ? error.message : JSON.stringify(error)}`)
    }
  }
  const JPEG = [{ mediaType: 'image/jpeg' }]
  type Dataset = Record<string, { Value: string[] }>
  const studies = await call<Dataset[]>('searchForStudies', {})
  const [frame] = await call<ArrayBuffer[]>('retrieveInstanceFrames', { ...of, frameNumbers: [1] })
  const file = await call<ArrayBuffer>('retrieveInstance', of)
  // A picture comes as the only one of a list.
  const start = (found: ArrayBuffer[]) => [...new Uint8Array(found[0] ?? new ArrayBuffer(0)).slice(0, 2)]
  return {
    studies: studies.map((one) => one['0020000D']?.Value[0]),
    series: (await call<Dataset[]>('searchForSeries', of)).length,
    instances: (await call<Dataset[]>('searchForInstances', { studyInstanceUID: study })).length,
    metadata: [
      (await call<Dataset[]>('retrieveStudyMetadata', of)).length,
      (await call<Dataset[]>('retrieveSeriesMetadata', of)).length,
      [await call<Dataset>('retrieveInstanceMetadata', of)].flat().length,
    ],
    frame: [...new Uint16Array((frame ?? new ArrayBuffer(0)).slice(0, 16))],
    file: String.fromCharCode(...new Uint8Array(file.slice(128, 132))),
    files: [
      (await call<ArrayBuffer[]>('retrieveStudy', of)).length,
      (await call<ArrayBuffer[]>('retrieveSeries', of)).length,
    ],
    picture: start(await call<ArrayBuffer[]>('retrieveInstanceRendered', { ...of, mediaTypes: JPEG })),
    thumbnail: start(
      await call<ArrayBuffer[]>('retrieveInstanceFramesThumbnail', {
        ...of,
        frameNumbers: [1],
        mediaTypes: JPEG,
      }),
    ),
  }
}
