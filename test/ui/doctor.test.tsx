import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { DoctorLoginPage } from '../../src/portal/pages/doctor-login-page.tsx'
import { ReportListPage } from '../../src/portal/pages/report-list-page.tsx'
import { shareLink, shareToken } from '../../src/ui/share-link.ts'
import { listed, PATIENT } from './samples.tsx'
import { DOCTOR_SESSION, TOKEN } from './share-samples.tsx'
import { openPage, sampleSite, startChromium, startSite } from './support.tsx'

const site = { ...(await sampleSite()), features: { sharing: true, removal: true } }
const texts = site.messages.doctor.login
const OTHER = TOKEN.replaceAll('q3', 'Zz')

let browser: Awaited<ReturnType<typeof startChromium>>
let server: Awaited<ReturnType<typeof startSite>>
let posted: unknown[] = []

beforeAll(async () => {
  browser = await startChromium()
  server = await startSite((app, show) => {
    show('/condivisione', () => <DoctorLoginPage site={site} />)
    show('/sbagliato', () => <DoctorLoginPage site={site} error="wrong" token={TOKEN} />)
    show('/referti', () => (
      <ReportListPage
        site={site}
        session={DOCTOR_SESSION}
        patient={PATIENT}
        publications={[
          listed({
            reportDate: '2026-11-21',
            collectedAt: new Date('2026-11-22T09:00:00Z'),
            hasReceipt: true,
          }),
        ]}
      />
    ))
    app.post('/condivisione', async (c) => {
      posted.push(await c.req.parseBody())
      return c.text('ricevuto')
    })
    app.post('/sessione/attiva', (c) => c.body(null, 204))
  })
})
beforeEach(() => {
  posted = []
  server.requests.length = 0
})
afterAll(async () => {
  await browser?.close()
  await server?.stop()
})

async function open(path: string, options = {}) {
  const opened = await openPage(browser, options)
  await opened.page.goto(server.url + path)
  const { page } = opened
  return {
    ...opened,
    code: page.getByLabel(texts.code),
    pin: page.getByLabel('PIN', { exact: true }),
    enter: page.getByRole('button', { name: 'Entra' }),
  }
}

describe('the doctor’s way in', () => {
  test('takes the token out of address and history at once, and tells it to no server before the PIN (S35)', async () => {
    const { page, code, pin, enter, complaints, close } = await open(`/condivisione#${TOKEN}`)
    await expect.poll(() => page.url()).toBe(`${server.url}/condivisione`)
    expect(await page.evaluate(() => history.length)).toBe(2)
    expect(await code.isVisible()).toBe(false)
    expect(await pin.evaluate((field) => field === document.activeElement)).toBe(true)
    expect(server.requests.length).toBeGreaterThan(2)
    expect(
      server.requests.filter((request) => !request.startsWith('GET ') || request.includes(TOKEN)),
    ).toEqual([])
    expect(complaints).toEqual([])
    await pin.fill('585-6183')
    await enter.click()
    await page.getByText('ricevuto').waitFor()
    expect(posted).toEqual([{ codice: TOKEN, pin: '585-6183' }])
    await close()
  })

  test('takes the newest link when another is opened in the same window', async () => {
    const { page, pin, enter, close } = await open(`/condivisione#${TOKEN}`)
    await expect.poll(() => page.url()).toBe(`${server.url}/condivisione`)
    await page.goto(`${server.url}/condivisione#${OTHER}`)
    await expect.poll(() => page.url()).toBe(`${server.url}/condivisione`)
    await pin.fill('5856183')
    await enter.click()
    await page.getByText('ricevuto').waitFor()
    expect(posted).toEqual([{ codice: OTHER, pin: '5856183' }])
    await close()
  })

  test('tells a PIN that cannot be one, and sends nothing', async () => {
    const { page, pin, enter, close } = await open(`/condivisione#${TOKEN}`)
    await pin.fill('585618')
    await enter.click()
    await expect.poll(() => page.locator('#pin-error').textContent()).toBe(texts.pinCheck)
    expect(await pin.getAttribute('aria-invalid')).toBe('true')
    expect(posted).toEqual([])
    await close()
  })

  test('keeps the link’s code after a wrong PIN, unseen', async () => {
    const { page, code, pin, enter, close } = await open('/sbagliato')
    expect(await page.title()).toMatch(/^Errore: /)
    expect(await code.count()).toBe(0)
    await pin.fill('5856183')
    await enter.click()
    await page.getByText('ricevuto').waitFor()
    expect(posted).toEqual([{ codice: TOKEN, pin: '5856183' }])
    await close()
  })

  test.each([
    ['without JavaScript', { javaScriptEnabled: false }, `/condivisione#${TOKEN}`],
    ['where the mail program cut the link', {}, '/condivisione'],
    ['where the fragment is no token', {}, '/condivisione#contenuto'],
  ])('takes the whole link by hand %s', async (_case, options, path) => {
    const { page, code, pin, enter, close } = await open(path, options)
    await code.fill(shareLink('https://referti.ospedale.example', TOKEN))
    await pin.fill('5856183')
    await enter.click()
    await page.getByText('ricevuto').waitFor()
    expect(posted).toEqual([
      { codice: `https://referti.ospedale.example/condivisione#${TOKEN}`, pin: '5856183' },
    ])
    await close()
  })

  test('shows the field for the link by itself when the script does not come', async () => {
    const { page, close } = await openPage(browser)
    await page.route('**/share-login-*.js', (route) => route.abort())
    await page.goto(`${server.url}/condivisione`)
    const code = page.getByLabel(texts.code)
    expect(await code.isVisible()).toBe(false)
    await code.waitFor({ state: 'visible', timeout: 5000 })
    await close()
  })

  test.each([
    [TOKEN, TOKEN],
    [`#${TOKEN}`, TOKEN],
    [` https://x.example/condivisione#${TOKEN.slice(0, 20)}\n${TOKEN.slice(20)} `, TOKEN],
    ['https://x.example/condivisione', ''],
    ['#contenuto', ''],
    [`#${TOKEN}<script>`, ''],
    ['', ''],
  ])('reads the token of %j', (typed, token) => {
    expect(shareToken(typed)).toBe(token)
  })
})

describe('what the doctor sees', () => {
  test('is the report of that day with its four actions, and no other link into the portal (S34)', async () => {
    const { page, close } = await open('/referti')
    await page.getByRole('heading', { name: 'È disponibile il referto del 21/11/2026' }).waitFor()
    const links = await page
      .locator('main a')
      .evaluateAll((all) => all.map((link) => [link.getAttribute('href'), link.textContent?.trim()]))
    const address = `/referti/${listed().id}`
    expect(links).toEqual([
      [address, 'Visualizza referto'],
      [`${address}/firmato`, 'Scarica il referto firmato*'],
      [`${address}/immagini`, 'Visualizza immagini'],
      [`${address}/disco`, 'Scarica immagini'],
      ['/aiuto#medico', 'Domande frequenti'],
    ])
    expect(await page.locator('main form').count()).toBe(0)
    await close()
  })

  test('ends, when idle, at the doctor’s own door (S12)', async () => {
    const { page, close } = await openPage(browser)
    await page.clock.install({ time: new Date('2026-11-23T10:00:00Z') })
    await page.goto(`${server.url}/referti`)
    await page.clock.runFor(15.1 * 60_000)
    await page.waitForURL(`${server.url}/condivisione?fine=inattivita`)
    await close()
  })
})
