import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isDataScript } from '../../src/shards/script.ts'
import { launchBrowser, screenshot, watchPage } from '../support/browser.ts'
import { pdfOf, visit } from '../support/fixtures.ts'
import { pin2In, type TestGateway, testGateway } from '../support/gateway.ts'
import { dicomFiles, type TestFiles } from '../support/images.ts'
import { type TestOrthanc, testOrthanc } from '../support/orthanc.ts'
import { type Patient, signedIn } from '../support/patient.ts'

const PHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1'
const DESKTOP = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/156.0 Safari/537.36'

let orthanc: TestOrthanc
let gateway: TestGateway
let files: TestFiles
let patient: Patient
let at: string

beforeAll(async () => {
  orthanc = await testOrthanc()
  gateway = await testGateway({ orthanc })
  files = await dicomFiles({ accessionNumber: 'ACC001' })
  const { pin1 } = (await (await gateway.api('POST', '/visits', visit())).json()) as { pin1: string }
  expect((await gateway.deliver('ACC001', await pdfOf('Referto'))).status).toBe(201)
  await orthanc.send({ directory: files.directory })
  patient = await signedIn(gateway, pin1, pin2In(await gateway.mailbox.waitFor(() => true)))
  const list = await (await patient.get('/referti')).text()
  at = `/referti/${/\/referti\/([0-9a-f-]{36})/.exec(list)?.[1]}`
  while ((await patient.get(`${at}/rapida/ST000000/INDEX.JS`)).status !== 200) await sleep(100)
})

afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await orthanc[Symbol.asyncDispose]()
  await files[Symbol.asyncDispose]()
})

const whereTo = async (query: string, headers: Record<string, string>): Promise<string> => {
  const { headers: answered } = await patient.get(`${at}/immagini${query}`, headers)
  return answered.get('location') ?? ''
}

test('S20: a small screen gets the quick view, a large one OHIF, unless the person chose', async () => {
  expect(await whereTo('', { 'user-agent': PHONE })).toBe(`${at}/rapida`)
  expect(await whereTo('', { 'user-agent': DESKTOP })).toContain('/viewer/viewer?StudyInstanceUIDs=')
  expect(await whereTo('', { 'user-agent': DESKTOP, 'sec-ch-ua-mobile': '?1' })).toBe(`${at}/rapida`)
  expect(await whereTo('?schermo=piccolo', { 'user-agent': DESKTOP })).toBe(`${at}/rapida`)
  const chosen = await patient.get(`${at}/immagini?vista=completa`, { 'user-agent': PHONE })
  expect(chosen.headers.get('location')).toContain('/viewer/viewer?')
  const cookie = `${patient.cookie}; ${chosen.headers.getSetCookie()[0]?.split(';')[0]}`
  expect(await whereTo('', { 'user-agent': PHONE, cookie })).toContain('/viewer/viewer?')
})

test('S44: page and data are not stored, framed or run; the policy lets no code in but ours', async () => {
  const page = await patient.get(`${at}/rapida`)
  const policy = page.headers.get('content-security-policy') ?? ''
  expect(policy).toContain("default-src 'none'")
  expect(policy).toContain("script-src 'self';")
  expect(policy).not.toMatch(/unsafe|https?:|\*/)
  expect(policy).toContain("frame-src 'self' blob:;")
  const data = await patient.get(`${at}/rapida/ST000000/S0000000.JS`)
  for (const { headers } of [page, data]) {
    expect(headers.get('cache-control')).toContain('no-store')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
  }
  expect(data.headers.get('content-type')).toBe('application/octet-stream')
  expect(isDataScript(new Uint8Array(await data.arrayBuffer()))).toBe(true)
})

test('a part of a data file is given by Range, of a length known ahead', async () => {
  const path = `${at}/rapida/ST000000/S0000000.JS`
  const whole = Buffer.from(await (await patient.get(path)).arrayBuffer())
  const part = await patient.get(path, { range: 'bytes=10-29' })
  expect(part.status).toBe(206)
  expect(part.headers.get('content-range')).toBe(`bytes 10-29/${whole.byteLength}`)
  expect(Buffer.from(await part.arrayBuffer()).equals(whole.subarray(10, 30))).toBe(true)
})

test.each([
  'ST000001/INDEX.JS',
  'ST000000/NONE.JS',
  'ST000000/index.js',
  'ST000000/..%2FINDEX.JS',
  'OTHER.JS',
])('S45: %s is not there, and nobody gets anything without a session', async (path) => {
  expect((await patient.get(`${at}/rapida/${path}`)).status).toBe(404)
  expect((await fetch(`${gateway.url}${at}/rapida/${path}`, { redirect: 'manual' })).status).not.toBe(200)
})

test('on a phone the images show, OHIF is one tap away, the looking is in the trail, and nothing shows after the end', async () => {
  const browser = await launchBrowser()
  try {
    const context = await browser.newContext({
      viewport: { width: 390, height: 844 },
      isMobile: true,
      hasTouch: true,
      locale: 'it-IT',
    })
    const [name = '', value = ''] = patient.cookie.split('=')
    await context.addCookies([{ name, value, url: gateway.url.replace('http:', 'https:'), secure: true }])
    const page = await context.newPage()
    const { complaints } = watchPage(page, gateway.url)
    await page.goto(`${gateway.url}/referti`)
    await page.locator('a[href$="/immagini"]').first().click()
    await page.locator('.stage[data-shown="1"]').waitFor()
    expect(page.url()).toBe(`${gateway.url}${at}/rapida`)
    await screenshot(page, 'quick-view-390', false)
    expect(await page.locator(`a[href="${at}/immagini?vista=completa"]`).count()).toBe(1)
    // Folders are for the disc: here no policy lets their codecs be compiled.
    expect(await page.locator('input[webkitdirectory]').count()).toBe(0)
    // S17: Android draws no PDF in a page, iOS the first leaf alone: the portal's own page draws it.
    await page.getByRole('button', { name: 'Referto' }).click()
    await page.frameLocator('.report iframe').locator('canvas').first().waitFor()
    expect(await page.locator('.report a[target=_blank]').getAttribute('href')).toBe(at)
    await screenshot(page, 'quick-view-report-390', false)
    expect(complaints).toEqual([])
    const accesses = await (await patient.get('/accessi.csv')).text()
    expect(accesses).toMatch(/immagini/i)
    await patient.post('/uscita')
    await page.goto(`${gateway.url}${at}/rapida`)
    expect(await page.locator('.stage').count()).toBe(0)
  } finally {
    await browser.close()
  }
})
