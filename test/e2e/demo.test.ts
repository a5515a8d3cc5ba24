import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePort } from '../../scripts/orthanc.ts'
import { launchChromium, screenshot, watchPage } from '../support/browser.ts'

type Summary = {
  portal: string
  api: string
  apiKey: string
  mailbox: string
  visits: { accessionNumber: string; pin1: string; pin2: string; studyInstanceUids: string[] }[]
}

const WIDTHS = { desktop: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } }

const DRAWN = { timeout: 30_000 }

let directory: string
let port: number
let demo: ChildProcess
let printed: string
let summary: Summary
let browser: Browser

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ritiro-e2e-'))
  port = await freePort()
  browser = await launchChromium()
  summary = await started()
}, 300_000)

/** Starts the demo on the data of this run, and waits until it says that all is published. */
async function started(): Promise<Summary> {
  const file = join(directory, 'demo.json')
  printed = ''
  demo = spawn(
    'bash',
    // Whole, the exams take twice as long and go the same way.
    [
      'scripts/demo',
      ...['--slices', '60'],
      ...['--data', join(directory, 'data'), '--json', file, '--port', String(port)],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'], detached: true },
  )
  demo.stderr?.setEncoding('utf8').on('data', (text: string) => {
    printed += text
  })
  for (let waited = 0; !printed.includes('Ctrl-C stops everything'); waited += 250) {
    if (demo.exitCode !== null) throw new Error(`the demo ended with ${demo.exitCode}: ${printed}`)
    if (waited > 240_000) throw new Error(`the demo published nothing in four minutes: ${printed}`)
    await sleep(250)
  }
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  return JSON.parse(await readFile(file, 'utf8')) as Summary
}

/** Ctrl-C: the terminal signals every process of the group. */
async function stopped(): Promise<void> {
  if (!demo.pid || demo.exitCode !== null) return
  const ended = new Promise((done) => demo.once('exit', done))
  process.kill(-demo.pid, 'SIGINT')
  await ended
}

afterAll(async () => {
  await browser.close()
  await stopped()
  await rm(directory, { recursive: true, force: true })
}, 60_000)

async function openList(page: Page, visit: Summary['visits'][number]): Promise<void> {
  await page.goto(summary.portal)
  await page.getByLabel('PIN1').fill(visit.pin1)
  await page.getByLabel('PIN2').fill(visit.pin2)
  await page.getByRole('button', { name: 'Entra' }).click()
  await page.waitForURL('**/referti')
}

for (const [device, viewport] of Object.entries(WIDTHS)) {
  test(`S10–S21 on a ${device}: from the PINs to report, images and disc, without a complaint of the browser`, async () => {
    const visit = summary.visits[device === 'desktop' ? 0 : 1]
    if (!visit) throw new Error('the demo made no such visit')
    const context = await browser.newContext({ viewport, locale: 'it-IT', acceptDownloads: true })
    const page = await context.newPage()
    const { complaints } = watchPage(page, summary.portal)

    await page.goto(summary.portal)
    await screenshot(page, `${device}-1-access`)
    await openList(page, visit)
    await screenshot(page, `${device}-2-list`)

    await page.getByRole('link', { name: 'Visualizza referto' }).click()
    await page.locator('canvas').first().waitFor()
    await expect.poll(() => page.locator('canvas').first().evaluate(isDrawn), DRAWN).toBe(true)
    await screenshot(page, `${device}-3-report`)
    await page.getByRole('link', { name: 'Torna all’elenco' }).click()

    const signed = page.waitForEvent('download')
    await page.getByRole('link', { name: 'Scarica il tuo referto firmato' }).click()
    expect((await signed).suggestedFilename()).toMatch(/^referto-firmato-\d{4}-\d{2}-\d{2}\.pdf\.p7m$/)

    await page.getByRole('link', { name: 'Scarica immagini' }).click()
    const link = page.locator('[data-packing=iso] [data-download]')
    await link.waitFor({ timeout: 60_000 })
    await screenshot(page, `${device}-4-disc`)
    const started = page.waitForEvent('download')
    await link.click()
    const image = join(directory, `${device}.iso`)
    await (await started).saveAs(image)
    await judge(image, join(directory, 'data', 'dicom', visit.accessionNumber))

    await page.goto(`${summary.portal}/referti`)
    await page.getByRole('link', { name: 'Visualizza immagini' }).click()
    if (device !== 'desktop') {
      // A small screen gets the quick view first, with OHIF one tap away.
      await page.locator('.stage[data-shown]:not([data-shown=""])').waitFor({ timeout: 30_000 })
      await screenshot(page, `${device}-5-quick-view`, false)
      await page.locator('a[href*="vista=completa"]').click()
    }
    await page.waitForURL('**/viewer/viewer?*')
    await expect.poll(() => page.locator('.cornerstone-canvas').first().evaluate(isDrawn), DRAWN).toBe(true)
    await screenshot(page, `${device}-5-viewer`, false)
    await page.getByText('Torna ai referti').first().click()
    await page.waitForURL('**/referti')

    await page.goto(`${summary.portal}/aiuto`)
    await screenshot(page, `${device}-6-help`)
    await page.goto(`${summary.portal}/referti`)
    await page.getByRole('button', { name: 'Esci' }).first().click()
    await page.waitForURL('**/?fine=uscita')
    expect(complaints).toEqual([])
    await context.close()
  }, 180_000)
}

test('S38: the mails of the demo tell the PIN2 and the address, and no name and no exam', async () => {
  const messages = (await (await fetch(`${summary.mailbox}messages.json`)).json()) as { text: string }[]
  expect(messages).toHaveLength(summary.visits.length)
  for (const { text } of messages) {
    expect(text).toContain(summary.portal)
    for (const secret of ['Rossi', 'Mario', 'TORACE', 'GINOCCHIO']) expect(text).not.toContain(secret)
  }
})

test('Ctrl-C leaves nothing running; a second start goes on with the same PINs and images, and leaves off what was taken off', async () => {
  const [kept, ended] = summary.visits
  if (!kept || !ended) throw new Error('the demo made no such visits')
  expect(printed).toContain('Everything is published.')
  for (const { pin1, pin2 } of summary.visits) {
    expect(printed).toContain(pin1.replace(/(.{4})(?=.)/g, '$1-'))
    // The mail itself, as it came.
    expect(printed).toContain(
      `| Le comunichiamo che il PIN2 è il seguente: ${pin2.slice(0, 4)}-${pin2.slice(4)}`,
    )
  }
  const withdrawn = await fetch(`${summary.api}/visits/${ended.accessionNumber}`, {
    method: 'PATCH',
    headers: { authorization: `Bearer ${summary.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ consent: false }),
  })
  expect(withdrawn.status).toBe(200)

  // Archive, gateway and database at the least.
  expect((await ofThisRun()).length).toBeGreaterThan(2)
  await stopped()
  expect(await ofThisRun()).toEqual([])

  const again = await started()
  expect(again.visits).toEqual([kept, { ...ended, pin2: '' }])
  expect(printed).toContain('1 of 2 visits are online.')
  expect(printed).not.toContain('Generating')
  expect(printed).not.toContain('by C-STORE')
}, 180_000)

/** Processes that were given this run's folder, by argument or environment. */
async function ofThisRun(): Promise<string[]> {
  const found: string[] = []
  for (const pid of (await readdir('/proc')).filter(
    (name) => /^\d+$/.test(name) && name !== String(process.pid),
  )) {
    const about = await Promise.all(
      ['cmdline', 'environ'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')),
    )
    if (about.some((text) => text.includes(directory)))
      found.push(`${pid} ${about[0]?.replaceAll('\0', ' ')}`)
  }
  return found
}

/** In the page: does a canvas hold more than one colour? */
function isDrawn(canvas: HTMLCanvasElement | SVGElement): boolean {
  if (!(canvas instanceof HTMLCanvasElement)) return false
  const pixels = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? []
  for (let at = 4; at < pixels.length; at += 4) if (pixels[at] !== pixels[0]) return true
  return false
}

/** The image by independent readers: the checking script where it is there, and 7-Zip's own list against what was sent. */
async function judge(image: string, sent: string): Promise<void> {
  expect((await stat(image)).size % 2048).toBe(0)
  const listed = execFileSync('7z', ['l', '-slt', image], { encoding: 'utf8', maxBuffer: 64 * 2 ** 20 })
  const files = (await readdir(sent)).filter((name) => name.endsWith('.dcm'))
  expect(listed.match(/^Path = DICOM\/.*\/IM\d+$/gm)).toHaveLength(files.length)
  if (existsSync('../shared/check-iso')) {
    expect(
      execFileSync('../shared/check-iso', [image, sent], { encoding: 'utf8', maxBuffer: 64 * 2 ** 20 }),
    ).toMatch(/ 0 failed/)
  }
}
