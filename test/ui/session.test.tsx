import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ReportListPage } from '../../src/portal/pages/report-list-page.tsx'
import { listed } from './samples.tsx'
import { keepScreenshot, openPage, sampleSite, startChromium, startSite } from './support.tsx'

const site = await sampleSite()
const texts = site.messages.common.idle
const MINUTE = 60_000

let browser: Awaited<ReturnType<typeof startChromium>>
let server: Awaited<ReturnType<typeof startSite>>
let alive = true
let signsOfLife = 0

beforeAll(async () => {
  browser = await startChromium()
  server = await startSite((app, show) => {
    show('/referti', () => (
      <ReportListPage
        site={site}
        session={{ idleSeconds: 900 }}
        patient={{ familyName: 'PROVA', givenName: 'MARIA', birthDate: '1960-02-01' }}
        publications={[listed()]}
      />
    ))
    app.post('/sessione/attiva', (c) => {
      signsOfLife += 1
      return c.body(null, alive ? 204 : 401)
    })
    app.get('/', (c) => c.text('accesso'))
  })
})
beforeEach(() => {
  alive = true
  signsOfLife = 0
})
afterAll(async () => {
  await browser?.close()
  await server?.stop()
})

async function openList() {
  const opened = await openPage(browser)
  const { page } = opened
  await page.clock.install({ time: new Date('2026-11-23T10:00:00Z') })
  await page.goto(`${server.url}/referti`)
  return { ...opened, dialog: page.getByRole('dialog', { name: texts.title }) }
}

describe('the idle warning (S12)', () => {
  test('comes two minutes before the end, and whoever stays is heard by the server', async () => {
    const { page, dialog, complaints, close } = await openList()
    await page.clock.runFor(12.9 * MINUTE)
    expect(await dialog.isVisible()).toBe(false)
    await page.clock.runFor(0.2 * MINUTE)
    expect(await dialog.isVisible()).toBe(true)
    expect(await page.title()).toMatch(/^Sessione in chiusura 1:5\d$/)
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('idle-stay')
    await keepScreenshot(page, 'idle-1280', false)

    await page.getByRole('button', { name: texts.stay }).click()
    await expect.poll(() => signsOfLife).toBe(1)
    await page.clock.runFor(12 * MINUTE)
    expect(await dialog.isVisible()).toBe(false)
    expect(page.url()).toBe(`${server.url}/referti`)
    expect(complaints).toEqual([])
    await close()
  })

  test('is dismissed by Escape as well, to stay', async () => {
    const { page, dialog, close } = await openList()
    await page.clock.runFor(13.5 * MINUTE)
    expect(await dialog.isVisible()).toBe(true)
    await page.keyboard.press('Escape')
    await expect.poll(() => signsOfLife).toBe(1)
    expect(await dialog.isVisible()).toBe(false)
    await close()
  })

  test('leads to the access page when nobody answers', async () => {
    const { page, close } = await openList()
    await page.clock.runFor(15.1 * MINUTE)
    await page.waitForURL(`${server.url}/?fine=inattivita`)
    expect(signsOfLife).toBe(0)
    await close()
  })

  test('leads there at once when the session has ended on the server meanwhile', async () => {
    const { page, close } = await openList()
    alive = false
    await page.clock.runFor(13.5 * MINUTE)
    await page.getByRole('button', { name: texts.stay }).click()
    await page.waitForURL(`${server.url}/?fine=inattivita`)
    await close()
  })

  test('does not come to who is reading: moving in the page keeps the session, at most once a minute', async () => {
    const { page, dialog, close } = await openList()
    for (let minute = 0; minute < 16; minute += 1) {
      await page.mouse.wheel(0, 50)
      await page.keyboard.press('Shift')
      await page.clock.runFor(MINUTE)
    }
    expect(await dialog.isVisible()).toBe(false)
    expect(page.url()).toBe(`${server.url}/referti`)
    await expect.poll(() => signsOfLife).toBeGreaterThan(5)
    expect(signsOfLife).toBeLessThanOrEqual(16)
    await close()
  })

  test('goes away when another tab of the same session is used', async () => {
    const { page, dialog, close } = await openList()
    await page.clock.runFor(13.5 * MINUTE)
    expect(await dialog.isVisible()).toBe(true)
    const other = await page.context().newPage()
    await other.clock.install({ time: new Date('2026-11-23T10:13:30Z') })
    await other.goto(`${server.url}/referti`)
    await expect.poll(() => dialog.isVisible()).toBe(false)
    await close()
  })
})
