import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pdfOf, visit } from '../support/fixtures.ts'
import { pin2In, type TestGateway, testGateway } from '../support/gateway.ts'
import { dicomFiles, type TestFiles } from '../support/images.ts'
import { type TestOrthanc, testOrthanc } from '../support/orthanc.ts'
import { type Patient, signedIn } from '../support/patient.ts'

let orthanc: TestOrthanc
let gateway: TestGateway
let files: TestFiles
let patient: Patient
let pdf: Uint8Array
let publication: string

beforeAll(async () => {
  orthanc = await testOrthanc()
  gateway = await testGateway({ orthanc })
  files = await dicomFiles({ accessionNumber: 'ACC001', encoding: 'implicit' })
  pdf = await pdfOf('Referto della RM del ginocchio')
  const { pin1 } = (await (await gateway.api('POST', '/visits', visit())).json()) as { pin1: string }
  expect((await gateway.deliver('ACC001', pdf)).status).toBe(201)
  await orthanc.send({ directory: files.directory })
  const mail = await gateway.mailbox.waitFor(() => true)
  patient = await signedIn(gateway, pin1, pin2In(mail))
  publication = /\/referti\/([0-9a-f-]{36})/.exec(await (await patient.get('/referti')).text())?.[1] ?? ''
})

afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await orthanc[Symbol.asyncDispose]()
  await files[Symbol.asyncDispose]()
})

test('S6: report and stable images together publish, and the state says so', async () => {
  const state = await gateway.waitForState('ACC001', ({ mail }) => mail.state === 'sent')
  expect(state).toMatchObject({
    published: true,
    images: { state: 'stable', studies: 1, instances: 3, studyInstanceUids: [files.studyInstanceUid] },
    report: 'delivered',
  })
})

test('S13, S14: the list shows the person and the exam until when it is online', async () => {
  const page = await (await patient.get('/referti')).text()
  expect(page).toContain('Rossi Mario')
  expect(page).toContain('23/04/1980')
  expect(page).toContain('RM GINOCCHIO DX (ESAME DIRETTO)')
})

test('S18: the signed file comes byte for byte as delivered', async () => {
  const response = await patient.get(`/referti/${publication}/firmato`)
  expect(new Uint8Array(await response.arrayBuffer())).toEqual(new Uint8Array(pdf))
  expect(response.headers.get('content-disposition')).toContain('attachment')
})

test('S20: images open in the viewer by their Study Instance UID', async () => {
  const response = await patient.get(`/referti/${publication}/immagini`)
  expect(response.status).toBe(303)
  expect(response.headers.get('location')).toMatch(
    `/viewer/viewer?StudyInstanceUIDs=${files.studyInstanceUid}&esame=`,
  )
})

test('S45: DICOMweb answers for the session’s study and for nothing else', async () => {
  const uid = files.studyInstanceUid
  const series = (await (await patient.get(`/dicomweb/studies/${uid}/series`)).json()) as Record<
    string,
    { Value: string[] }
  >[]
  const seriesUid = series[0]?.['0020000E']?.Value[0]
  const metadata = (await (
    await patient.get(`/dicomweb/studies/${uid}/series/${seriesUid}/metadata`)
  ).json()) as Record<string, { Value: string[] }>[]
  expect(metadata).toHaveLength(3)
  const instanceUid = metadata[0]?.['00080018']?.Value[0]
  const frame = await patient.get(
    `/dicomweb/studies/${uid}/series/${seriesUid}/instances/${instanceUid}/frames/1`,
    {
      accept: 'multipart/related; type="application/octet-stream"; transfer-syntax=*',
    },
  )
  expect(frame.status).toBe(200)
  expect((await frame.arrayBuffer()).byteLength).toBeGreaterThan(100)
  for (const other of ['1.2.3', `${uid}.9`, `${uid}%2e`, `${uid}/../1.2.3`]) {
    expect((await patient.get(`/dicomweb/studies/${other}/metadata`)).status).toBe(404)
  }
  const found = async (query: string) =>
    ((await (await patient.get(`/dicomweb/studies${query}`)).json()) as unknown[]).length
  // Another's Patient ID finds nothing, and nothing of that other.
  expect([await found(''), await found('?00100020=P9')]).toEqual([1, 0])
})

test('S21: the disc is announced with its size and comes whole, and its readers accept it', async () => {
  const page = () => patient.get(`/referti/${publication}/disco`).then((answer) => answer.text())
  await expect.poll(page, { timeout: 10_000 }).toContain(`/referti/${publication}/disco.iso`)
  const response = await patient.get(`/referti/${publication}/disco.iso`)
  expect(response.headers.get('content-type')).toBe('application/x-iso9660-image')
  const bytes = new Uint8Array(await response.arrayBuffer())
  expect(bytes.byteLength).toBe(Number(response.headers.get('content-length')))
  const checker = '../shared/check-iso'
  if (!existsSync(checker)) return
  const image = join(await mkdtemp(join(tmpdir(), 'ritiro-iso-')), 'disco.iso')
  await writeFile(image, bytes)
  const { stdout } = await promisify(execFile)(checker, [image, files.directory])
  expect(stdout).toMatch(/ 0 failed/)
})

test('S12: after "Esci" nothing opens any more', async () => {
  expect((await patient.post('/uscita')).status).toBe(303)
  expect((await patient.get('/referti')).headers.get('location')).toBe('/?fine=sessione')
  expect((await patient.get(`/dicomweb/studies/${files.studyInstanceUid}/metadata`)).status).toBe(401)
  expect((await patient.get(`/referti/${publication}/disco.iso`)).status).toBe(303)
})
