import { readFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { visit } from '../support/fixtures.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { dicomFiles, type TestFiles } from '../support/images.ts'
import { type TestOrthanc, testOrthanc } from '../support/orthanc.ts'
import { type Patient, signedIn } from '../support/patient.ts'
import { published } from '../support/visits.ts'

type DicomJson = Record<string, { Value?: unknown[]; BulkDataURI?: string }>

let orthanc: TestOrthanc
let gateway: TestGateway
let own: TestFiles
let foreign: TestFiles
let patient: Patient
let seriesPath: string
let frame: string

beforeAll(async () => {
  orthanc = await testOrthanc()
  gateway = await testGateway({ orthanc })
  // Large enough that an answer nobody reads cannot hide in buffers on the way.
  own = await dicomFiles({
    accessionNumber: 'ACC001',
    elements: {
      2621456: ['US', [1024]],
      2621457: ['US', [1024]],
      2145386512: ['OW', new Uint8Array(2 * 1024 * 1024)],
    },
  })
  foreign = await dicomFiles({ accessionNumber: 'ACC002', patient: 2, study: 2 })
  // Over HTTP a file keeps its preamble, as from any archive that was not fed by C-STORE alone.
  for (const number of [1, 2, 3]) {
    const file = await readFile(join(own.directory, `${number}.dcm`))
    file.fill('MZ', 0, 128)
    const stored = await orthanc.request('/instances', { method: 'POST', as: 'administrator', body: file })
    expect(stored.status).toBe(200)
  }
  await orthanc.send({ directory: foreign.directory })
  const { pin1, pin2 } = await published(gateway, 'ACC001', { exams: visit().exams })
  patient = await signedIn(gateway, pin1, pin2)
  const series = await json(`/dicomweb/studies/${own.studyInstanceUid}/series`)
  seriesPath = `/dicomweb/studies/${own.studyInstanceUid}/series/${series[0]?.['0020000E']?.Value?.[0]}`
  const instances = await json(`${seriesPath}/instances`)
  frame = `${seriesPath}/instances/${instances[0]?.['00080018']?.Value?.[0]}/frames/1`
})

afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await orthanc[Symbol.asyncDispose]()
  await own[Symbol.asyncDispose]()
  await foreign[Symbol.asyncDispose]()
})

test('S48: files leave with a zeroed preamble, whatever stands there in the archive', async () => {
  for (const path of [seriesPath, frame.replace('/frames/1', '')]) {
    for (const accept of ['*/*', 'multipart/related; type="application/dicom"; transfer-syntax=*']) {
      const response = await patient.get(path, { accept })
      expect(response.headers.get('content-type')).toMatch(/^multipart\/related; type="?application\/dicom"?/)
      const body = Buffer.from(await response.arrayBuffer()).toString('latin1')
      const files = body.split(/\r\n\r\n(?=[\s\S]{128}DICM)/).slice(1)
      expect(files).toHaveLength(path === seriesPath ? 3 : 1)
      for (const file of files) expect(file.slice(0, 132)).toBe(`${'\0'.repeat(128)}DICM`)
      expect(body).not.toContain('MZMZ')
    }
  }
})

test('S45: the other patient’s study answers as one that never was, in every way of asking', async () => {
  const other = foreign.studyInstanceUid
  const answers = new Set<string>()
  for (const uid of [other, '1.2.3.4.5']) {
    for (const rest of ['', '/metadata', '/series', '/instances', '/rendered', '/series/1.2/metadata']) {
      const response = await patient.get(`/dicomweb/studies/${uid}${rest}`)
      answers.add(`${response.status} ${await response.text()}`)
    }
    expect(await json(`/dicomweb/studies?StudyInstanceUID=${uid}`)).toEqual([])
  }
  expect(answers.size).toBe(1)
  expect([...answers][0]).toContain('"status":404')
})

test('S45: a question without a study, or by another patient’s number, finds at most the session’s own study', async () => {
  const uidsOf = (found: DicomJson[]) => found.map((study) => study['0020000D']?.Value?.[0])
  for (const query of [
    '',
    '?PatientID=PID1',
    '?00100020=*',
    '?ModalitiesInStudy=CT&StudyDate=20261101-20261130&PatientName=rossi*',
    '?limit=100&offset=0&includefield=all',
    `?StudyInstanceUID=${own.studyInstanceUid},${foreign.studyInstanceUid}`,
    `?StudyInstanceUID=${foreign.studyInstanceUid}%5C${own.studyInstanceUid}`,
  ])
    expect(uidsOf(await json(`/dicomweb/studies${query}`))).toEqual([own.studyInstanceUid])
  // Both patients' studies are in the archive: what is asked for narrows the session's and reaches no further.
  for (const query of ['PatientID=PID2', 'ModalitiesInStudy=MR', 'StudyDate=-20200101', 'offset=1'])
    expect(await json(`/dicomweb/studies?${query}`)).toEqual([])
  const found = async (query: string) =>
    (await json(`/dicomweb/studies/${own.studyInstanceUid}/${query}`)).length
  expect(await found('series?Modality=CT&SeriesNumber=1')).toBe(1)
  expect(await found('series?SeriesNumber=2')).toBe(0)
  expect(await found('instances?InstanceNumber=2&SOPClassUID=1.2.840.10008.5.1.4.1.1.2')).toBe(1)
  expect(await found('instances?InstanceNumber=4')).toBe(0)
  // An instance of the other patient, asked for within the own study.
  const series = (await json(`/dicomweb/studies/${own.studyInstanceUid}/series`)).length
  expect(series).toBe(1)
  const borrowed = `/dicomweb/studies/${own.studyInstanceUid}/series/${foreign.studyInstanceUid}.1`
  expect(await (await patient.get(`${borrowed}/metadata`)).text()).not.toMatch(/PID2|MARIO 2/)
})

test('S45: nothing can be stored, changed or deleted, and without a session there is nothing at all', async () => {
  const path = `/dicomweb/studies/${own.studyInstanceUid}`
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
    const response = await fetch(gateway.url + path, {
      method,
      headers: { cookie: patient.cookie, 'sec-fetch-site': 'same-origin' },
    })
    expect(response.status).toBe(404)
  }
  expect((await fetch(`${gateway.url}${path}/metadata`)).status).toBe(401)
  expect((await fetch(`${gateway.url}${frame}`)).status).toBe(401)
})

test('S46: addresses within answers are the portal’s, and nothing tells of the archive behind it', async () => {
  for (const path of [
    '/dicomweb/studies',
    `/dicomweb/studies/${own.studyInstanceUid}/series`,
    `${seriesPath}/metadata`,
    `${seriesPath}/instances`,
  ]) {
    const response = await patient.get(path)
    const told = JSON.stringify([...response.headers]) + (await response.text())
    for (const secret of [orthanc.url, String(orthanc.httpPort), '/dicom-web', orthanc.password, 'Basic '])
      expect(told).not.toContain(secret)
  }
})

test('a HEAD is answered without keeping a connection to the archive: after fifty the images still come at once', async () => {
  const started = Date.now()
  for (let i = 0; i < 50; i++) {
    const response = await fetch(gateway.url + seriesPath, {
      method: 'HEAD',
      headers: { cookie: patient.cookie },
    })
    expect(response.status).toBe(200)
  }
  expect((await patient.get(frame)).status).toBe(200)
  // Connections that were kept would be waited for, a minute each.
  expect(Date.now() - started).toBeLessThan(30_000)
})

test('S45: browsers that break off by the hundred neither end the gateway nor use up its connections', async () => {
  const rejections: unknown[] = []
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
  const before = timers()
  const note = (reason: unknown) => void rejections.push(reason)
  process.on('unhandledRejection', note)
  for (let round = 0; round < 10; round++) {
    await Promise.all(
      Array.from({ length: 40 }, (_, i) => abandoned(i % 2 === 0 ? frame : seriesPath, (round * 40 + i) % 9)),
    )
  }
  process.off('unhandledRejection', note)
  expect(rejections).toEqual([])
  // Nor does anything go on asking whether they are still allowed to see what they no longer want.
  await expect.poll(() => timers() - before, { timeout: 5_000 }).toBeLessThan(20)
  const started = Date.now()
  for (let i = 0; i < 20; i++) {
    const response = await patient.get(frame)
    expect(response.status).toBe(200)
    expect((await response.arrayBuffer()).byteLength).toBeGreaterThan(100)
  }
  expect(Date.now() - started).toBeLessThan(30_000)
})

test('S45: an archive that goes away is told as such, and comes back by itself; the report is read all the while', async () => {
  await orthanc.kill()
  for (const path of [frame, `${frame.replace('/frames/1', '')}/rendered`, seriesPath, '/dicomweb/studies']) {
    const response = await patient.get(path)
    expect(response.status).toBe(503)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    // The viewer tries again by itself.
    expect(response.headers.get('retry-after')).toBe('2')
    const text = await response.text()
    expect(JSON.parse(text)).toMatchObject({ type: 'urn:ritiro:problem:pacs.unavailable' })
    for (const secret of [String(orthanc.httpPort), 'ECONN', '127.0.0.1', 'Basic'])
      expect(text).not.toContain(secret)
  }
  expect((await patient.get('/referti')).status).toBe(200)
  expect(await (await fetch(`${gateway.url}/health`)).json()).toEqual({ database: 'ok', pacs: 'unavailable' })
  await orthanc.start()
  expect((await patient.get(frame)).status).toBe(200)
  expect(await (await fetch(`${gateway.url}/health`)).json()).toEqual({ database: 'ok', pacs: 'ok' })
})

async function json(path: string): Promise<DicomJson[]> {
  const response = await patient.get(path, { accept: 'application/dicom+json' })
  expect(response.status).toBe(200)
  return (await response.json()) as DicomJson[]
}

/** A browser that goes away after some milliseconds, or right after the answer's first bytes. */
function abandoned(path: string, afterMs: number): Promise<void> {
  return new Promise((done) => {
    const asked = request(gateway.url + path, { headers: { cookie: patient.cookie } }, (response) => {
      response.on('error', () => undefined)
      if (afterMs === 0) response.once('data', () => asked.destroy())
      else response.resume()
    })
    asked.on('error', () => undefined)
    asked.on('close', () => done())
    asked.end()
    if (afterMs > 0) setTimeout(() => asked.destroy(), afterMs)
  })
}
