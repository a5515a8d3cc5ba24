import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { dammDigit } from '../../src/pin/damm.ts'
import { LoginPage } from '../../src/portal/pages/login-page.tsx'
import { openPage, sampleSite, startChromium, startSite } from './support.tsx'

const site = await sampleSite()
const { check } = site.messages.login
const PIN1 = `01234567890${dammDigit('01234567890')}`
const GROUPED = `${PIN1.slice(0, 4)}-${PIN1.slice(4, 8)}-${PIN1.slice(8)}`
const WRONG = `11234567890${PIN1.slice(-1)}`

let browser: Awaited<ReturnType<typeof startChromium>>
let server: Awaited<ReturnType<typeof startSite>>
let posted: unknown[] = []

beforeAll(async () => {
  browser = await startChromium()
  server = await startSite((app, show) => {
    show('/', () => <LoginPage site={site} />)
    app.post('/accesso', async (c) => {
      posted.push(await c.req.parseBody())
      return c.redirect('/')
    })
  })
})
afterAll(async () => {
  await browser?.close()
  await server?.stop()
})

async function openLogin(hash = '', options = {}) {
  posted = []
  const opened = await openPage(browser, options)
  await opened.page.goto(`${server.url}/${hash}`)
  const { page } = opened
  return {
    ...opened,
    pin1: page.getByLabel('PIN1', { exact: true }),
    pin2: page.getByLabel('PIN2', { exact: true }),
    enter: page.getByRole('button', { name: 'Entra' }),
  }
}

describe('the access page', () => {
  test('tells a slip in PIN1 as soon as it is typed, and sends nothing (S4)', async () => {
    const { page, pin1, pin2, enter, complaints, close } = await openLogin()
    await pin1.pressSequentially(WRONG.slice(0, 11))
    await expectStatus(page, '')
    await pin1.press(WRONG.slice(-1))
    await expectStatus(page, check.badDigit)
    expect(await pin1.getAttribute('aria-invalid')).toBe('true')
    await pin2.fill('12345678')
    await enter.click()
    expect(await pin1.evaluate((field) => field === document.activeElement)).toBe(true)
    expect(posted).toEqual([])
    expect(complaints).toEqual([])
    await close()
  })

  test('takes PIN1 pasted with spaces and dashes, groups it and sends it (S4, S10)', async () => {
    const { page, pin1, pin2, enter, close } = await openLogin()
    await pin1.fill(` ${PIN1.slice(0, 4)} ${PIN1.slice(4, 8)} – ${PIN1.slice(8)} `)
    await expectStatus(page, check.complete)
    await pin2.fill('1234 5678')
    expect(await pin1.inputValue()).toBe(GROUPED)
    await enter.click()
    await page.waitForURL(`${server.url}/`)
    expect(posted).toEqual([{ pin1: GROUPED, pin2: '1234 5678' }])
    await close()
  })

  test('says it when PIN2 was put in the place of PIN1 (S4)', async () => {
    const { page, pin1, pin2, close } = await openLogin()
    await pin1.fill('1234-5678')
    await pin2.focus()
    await expectStatus(page, check.looksLikePin2)
    await close()
  })

  test('fills PIN1 from the QR code’s fragment and takes it out of address and history (S3)', async () => {
    const { page, pin1, complaints, close } = await openLogin(`?lang=it#pin1=${PIN1}`)
    expect(await pin1.inputValue()).toBe(GROUPED)
    expect(page.url()).toBe(`${server.url}/?lang=it`)
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('pin2')
    await expectStatus(page, check.filled)
    expect(complaints).toEqual([])
    await close()
  })

  test('ignores a fragment that is no PIN1', async () => {
    const { page, pin1, close } = await openLogin('#pin1=<img src=x>')
    expect(await pin1.inputValue()).toBe('')
    expect(await page.locator('img').count()).toBe(0)
    await close()
  })

  test('works without JavaScript: the server checks', async () => {
    const { page, pin1, pin2, enter, close } = await openLogin('', { javaScriptEnabled: false })
    await pin1.fill(WRONG)
    await pin2.fill('12345678')
    await enter.click()
    await page.waitForURL(`${server.url}/`)
    expect(posted).toEqual([{ pin1: WRONG, pin2: '12345678' }])
    await close()
  })

  test('is walked by keyboard in reading order, with a visible focus on each stop (S40)', async () => {
    const { page, close } = await openLogin()
    const stops: string[] = []
    for (let count = 0; count < 13; count += 1) {
      await page.keyboard.press('Tab')
      const stop = await page.evaluate(() => {
        const element = document.activeElement as HTMLElement
        const { outlineStyle, outlineWidth } = getComputedStyle(element)
        const { width, height } = element.getBoundingClientRect()
        return { name: element.id || element.textContent?.trim(), outlineStyle, outlineWidth, width, height }
      })
      stops.push(stop.name ?? '')
      expect(stop.outlineStyle, stop.name).toBe('solid')
      expect(Number.parseFloat(stop.outlineWidth), stop.name).toBeGreaterThanOrEqual(2)
      // WCAG 2.5.8: at least 24 by 24.
      expect(Math.min(stop.width, stop.height), stop.name).toBeGreaterThanOrEqual(24)
    }
    expect(stops).toEqual([
      'Vai al contenuto',
      'Vai al piè di pagina',
      'Aiuto',
      'Ritiro referti e immaginiI tuoi esami di radiologia, online',
      'pin1',
      'pin2',
      'Entra',
      'Non hai ricevuto il PIN2?',
      'Problemi di accesso? Leggi le domande frequenti',
      '051 000 0000',
      'assistenza.referti@ospedale.example',
      'Domande frequenti',
      'Contatti',
    ])
    await close()
  })
})

async function expectStatus(page: Awaited<ReturnType<typeof openLogin>>['page'], words: string) {
  await expect.poll(() => page.locator('#pin1-error').textContent()).toBe(words)
}
