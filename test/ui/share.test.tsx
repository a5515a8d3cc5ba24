import { create } from 'qrcode'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ReportListPage } from '../../src/portal/pages/report-list-page.tsx'
import { ShareConfirmPage } from '../../src/portal/pages/share-confirm-page.tsx'
import { SharePage } from '../../src/portal/pages/share-page.tsx'
import { SharePinPage } from '../../src/portal/pages/share-pin-page.tsx'
import { listed, PATIENT, SESSION } from './samples.tsx'
import { DOCTOR, EXAMS, share, sharePageProps, sharePinProps } from './share-samples.tsx'
import { openPage, sampleSite, startChromium, startSite } from './support.tsx'

const site = { ...(await sampleSite()), features: { sharing: true, removal: true } }
const texts = site.messages.sharing
const NASTY = '<img src=x onerror="document.title=1">'
const WRONG = { cognome: 'BIANCHI', nome: 'ANNA', email: 'anna@', telefono: '051 1', esami: ['p2'] }

let browser: Awaited<ReturnType<typeof startChromium>>
let server: Awaited<ReturnType<typeof startSite>>
let posted: { path: string; fields: [string, string][] }[] = []

beforeAll(async () => {
  browser = await startChromium()
  server = await startSite((app, show) => {
    show('/condivisioni', () => <SharePage {...sharePageProps(site, { shares: [share()] })} />)
    show('/uno', () => <SharePage {...sharePageProps(site, { exams: EXAMS.slice(0, 1) })} />)
    show('/errori', () => (
      <SharePage {...sharePageProps(site, { values: WRONG, errors: { email: texts.list.errors.email } })} />
    ))
    show('/ostile', () => (
      <SharePage
        {...sharePageProps(site, {
          exams: [{ ...EXAMS[0], publicationId: 'p1', description: NASTY, examDate: '2026-11-20' }],
          shares: [share({ doctor: { ...DOCTOR, familyName: NASTY, email: NASTY, phone: NASTY } })],
          values: { ...WRONG, cognome: `"><script>document.title=2</script>` },
        })}
      />
    ))
    show('/conferma', () => (
      <ShareConfirmPage
        site={site}
        session={SESSION}
        doctor={DOCTOR}
        exams={EXAMS}
        availableUntil="2026-11-28"
        requestId="r1"
      />
    ))
    show('/pin', () => <SharePinPage {...sharePinProps(site)} />)
    show('/referti', () => (
      <ReportListPage site={site} session={SESSION} patient={PATIENT} publications={[listed()]} />
    ))
    app.post('*', async (c) => {
      const fields = [...new URLSearchParams(await c.req.text())]
      posted.push({ path: c.req.path, fields })
      return c.text('ricevuto')
    })
  })
})
beforeEach(() => {
  posted = []
})
afterAll(async () => {
  await browser?.close()
  await server?.stop()
})

async function open(path: string, options = {}) {
  const opened = await openPage(browser, options)
  await opened.page.goto(server.url + path)
  return opened
}

describe('sharing', () => {
  test.each([true, false])(
    'sends whom and what to be confirmed, JavaScript %s (S28)',
    async (javaScriptEnabled) => {
      const { page, close } = await open('/condivisioni', { javaScriptEnabled })
      await page.getByLabel('Cognome').fill('Bianchi')
      await page.getByLabel('Nome', { exact: true }).fill('Anna')
      await page.getByLabel('Email').fill('anna.bianchi@medici.example')
      const boxes = page.getByRole('group', { name: texts.list.exams }).getByRole('checkbox')
      expect(await boxes.evaluateAll((all) => all.map((box) => (box as HTMLInputElement).checked))).toEqual([
        true,
        true,
      ])
      await page.getByRole('button', { name: 'Condividi' }).click()
      await page.getByText('ricevuto').waitFor()
      expect(posted).toEqual([
        {
          path: '/condivisioni/conferma',
          fields: [
            ['cognome', 'Bianchi'],
            ['nome', 'Anna'],
            ['email', 'anna.bianchi@medici.example'],
            ['telefono', ''],
            ['esami', 'p1'],
            ['esami', 'p2'],
          ],
        },
      ])
      await close()
    },
  )

  test('asks for no choice where there is one exam', async () => {
    const { page, close } = await open('/uno')
    expect(await page.getByRole('checkbox').count()).toBe(0)
    expect(await page.locator('input[name=esami]').inputValue()).toBe('p1')
    await close()
  })

  test('gives back what was typed with what is wrong told, above and at the field (S28, S40)', async () => {
    const { page, close } = await open('/errori')
    expect(await page.title()).toMatch(/^Errore: /)
    expect(await page.getByLabel('Cognome').inputValue()).toBe('BIANCHI')
    expect(await page.getByRole('checkbox', { checked: true }).count()).toBe(1)
    const email = page.getByLabel('Email')
    expect(await email.getAttribute('aria-invalid')).toBe('true')
    await page.getByRole('alert').getByRole('link', { name: texts.list.errors.email }).click()
    expect(await email.evaluate((field) => field === document.activeElement)).toBe(true)
    await close()
  })

  test('shows names as they were typed, never as markup (S50)', async () => {
    const { page, complaints, close } = await open('/ostile')
    expect(await page.locator('main img, main script').count()).toBe(0)
    expect(await page.getByText(NASTY).count()).toBeGreaterThan(2)
    expect(await page.title()).not.toMatch(/^[12]$/)
    expect(complaints).toEqual([])
    await close()
  })

  test.each([
    ['Conferma e condividi', '/condivisioni'],
    ['Correggi', '/condivisioni/correggi'],
  ])('confirms or corrects with the same data: %s (S28)', async (name, path) => {
    const { page, close } = await open('/conferma', { javaScriptEnabled: false })
    await page.getByText('anna.bianchi@medici.example').waitFor()
    await page.getByText('28/11/2026').waitFor()
    await page.getByRole('button', { name }).click()
    await page.getByText('ricevuto').waitFor()
    expect(posted).toEqual([
      {
        path,
        fields: [
          ['cognome', 'BIANCHI'],
          ['nome', 'ANNA LUISA'],
          ['email', 'anna.bianchi@medici.example'],
          ['telefono', '+39 051 123 4567'],
          ['esami', 'p1'],
          ['esami', 'p2'],
          ['richiesta', 'r1'],
        ],
      },
    ])
    await close()
  })

  test('ends a share after asking once, without JavaScript and by keyboard (S30, S32)', async () => {
    const { page, close } = await open('/condivisioni', { javaScriptEnabled: false })
    const confirm = page.getByRole('button', { name: texts.list.revokeConfirm })
    expect(await confirm.isVisible()).toBe(false)
    await page.locator('summary', { hasText: /^Annulla$/ }).press('Enter')
    await confirm.press('Enter')
    await page.getByText('ricevuto').waitFor()
    expect(posted).toEqual([{ path: '/condivisioni/s1/annulla', fields: [] }])
    await close()
  })

  test('is walked by keyboard with a visible focus on each stop, none below 24 by 24 (S40)', async () => {
    const { page, close } = await open('/condivisioni')
    await page.locator('#contenuto').focus()
    const stops: string[] = []
    for (let count = 0; count < 11; count += 1) {
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
      expect(Math.min(stop.width, stop.height), stop.name).toBeGreaterThanOrEqual(24)
    }
    expect(stops).toEqual([
      'Torna all’elenco dei referti',
      'cognome',
      'nome',
      'email',
      'telefono',
      'esami-p1',
      'esami-p2',
      'Condividi',
      'Mostra PIN',
      'Annulla',
      'Chi ha visto il mio esame',
    ])
    await close()
  })
})

describe('the PIN for the doctor', () => {
  test('is read aloud digit by digit and copied apart from the link (S29)', async () => {
    const { page, complaints, close } = await open('/pin')
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    const copied = () => page.evaluate(() => navigator.clipboard.readText())
    expect(await page.getByText('5 8 5 6 1 8 3').count()).toBe(1)
    await page.getByRole('button', { name: 'Copia PIN' }).click()
    await expect.poll(copied).toBe('5856183')
    await page.getByRole('button', { name: 'Copia link' }).click()
    await expect.poll(copied).toBe(sharePinProps(site).link)
    expect(await page.locator('#link-copied').textContent()).toBe(texts.pin.copied)
    expect(complaints).toEqual([])
    await close()
  })

  test('offers no button that needs JavaScript without it, and a new PIN by a plain form (S35)', async () => {
    const { page, close } = await open('/pin', { javaScriptEnabled: false })
    expect(await page.getByRole('button', { name: /Copia/ }).count()).toBe(0)
    await page.getByRole('button', { name: 'Nuovo PIN' }).click()
    await page.getByText('ricevuto').waitFor()
    expect(posted).toEqual([{ path: '/condivisioni/s1/nuovo-pin', fields: [] }])
    await close()
  })

  test('stands beside a QR code of the link: every module, with its quiet zone, big enough to be scanned', async () => {
    const { page, close } = await open('/pin', { viewport: { width: 320, height: 700 } })
    const { modules } = create(sharePinProps(site).link, { errorCorrectionLevel: 'M' })
    const drawn = await page.locator('.portal-qr').evaluate((svg: SVGSVGElement) => {
      const path = svg.querySelector('path')
      const side = svg.viewBox.baseVal.width
      const rows = Array.from({ length: side }, (_, y) =>
        Array.from({ length: side }, (__, x) =>
          path?.isPointInFill(new DOMPoint(x + 0.5, y + 0.5)) ? '#' : '.',
        ).join(''),
      )
      return { rows, module: svg.getBoundingClientRect().width / side }
    })
    const edge = '.'.repeat(modules.size + 8)
    const wanted = Array.from({ length: modules.size }, (_, row) => {
      const line = Array.from({ length: modules.size }, (__, column) =>
        modules.get(row, column) ? '#' : '.',
      )
      return `....${line.join('')}....`
    })
    expect(drawn.rows).toEqual([...Array(4).fill(edge), ...wanted, ...Array(4).fill(edge)])
    expect(drawn.module).toBeGreaterThan(4)
    await close()
  })
})

describe('the list of reports', () => {
  test('offers sharing and removal only where this portal has them', async () => {
    const addresses = (page: unknown) => [...String(page).matchAll(/href="([^"]+)"/g)].map(([, href]) => href)
    const props = {
      session: SESSION,
      patient: PATIENT,
      publications: [
        listed({ collectedAt: new Date('2026-11-22T09:00:00Z'), hasReceipt: true }),
        listed({ id: 'p2' }),
      ],
    }
    const full = addresses(await (<ReportListPage site={site} {...props} />))
    const bare = addresses(
      await (<ReportListPage site={{ ...site, features: { sharing: false, removal: false } }} {...props} />),
    )
    const extra = [
      `/referti/${listed().id}/ricevuta.pdf`,
      `/referti/${listed().id}/rimuovi`,
      '/referti/p2/rimuovi',
      '/condivisioni',
      '/accessi',
      '/rimuovi',
    ]
    expect(full).toEqual(expect.arrayContaining(extra))
    expect(full).not.toContain('/referti/p2/ricevuta.pdf')
    expect(extra.filter((address) => bare.includes(address))).toEqual([extra[0], '/accessi'])
  })
})
