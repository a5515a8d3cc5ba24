import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { studies } from '../../src/database/schema.ts'
import { createAccount } from '../../src/staff/staff.ts'
import { violationsOf } from '../support/axe.ts'
import { launchBrowser } from '../support/browser.ts'
import { pdfOf } from '../support/fixtures.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { enterByPage, staffAccount } from '../support/staff.ts'
import { pictures } from './pictures.ts'

let gateway: TestGateway
let browser: Browser
let page: Page

beforeAll(async () => {
  gateway = await testGateway()
  browser = await launchBrowser()
  page = await (
    await browser.newContext({ locale: 'it-IT', viewport: { width: 1280, height: 900 } })
  ).newPage()
  gateway.mailbox.behave((stage) => (stage === 'rcpt' ? 550 : undefined))
})
afterAll(async () => {
  await browser.close()
  await gateway[Symbol.asyncDispose]()
})

/** WCAG AA by axe, nothing cut off at 1280 and 390 pixels, and pictures of both. */
async function check(name: string) {
  expect([name, await violationsOf(page)]).toEqual([name, []])
  await pictures(page, name)
}

test('S40: login and set-up by link are accessible; the link fills itself in and leaves no secret in the address', async () => {
  await page.goto(`${gateway.url}/desk/accesso?fine=inattivita`)
  await check('login')
  const { db, config } = gateway
  const { setupToken } = await createAccount(
    { db, peppers: config.peppers, actor: { kind: 'system' }, now: gateway.now() },
    { username: 'nuova', name: 'Nuova Persona', roles: ['desk'] },
  )
  await page.goto(`${gateway.url}/desk/attivazione#${setupToken}`)
  await page.getByText('Nuova Persona, il tuo nome utente è nuova').waitFor()
  expect(page.url()).toBe(`${gateway.url}/desk/attivazione`)
  await check('set-up')
})

test('S40: the pages of administrators, auditors and of what needs attention are accessible on a screen and a phone', async () => {
  const everybody = await staffAccount(gateway, 'tutti-i-ruoli', [
    'desk',
    'radiology',
    'administrator',
    'auditor',
  ])
  await gateway.api('POST', '/visits', {
    accessionNumber: 'Z1',
    patient: { familyName: 'Verdi', givenName: 'Carla', birthDate: '1970-01-01' },
    email: 'respinta@example.org',
    consent: true,
    exams: [{ description: 'RX TORACE', date: '2026-01-01', imagesExpected: false }],
  })
  await gateway.deliver('Z1', await pdfOf('Referto'))
  await gateway.waitForState('Z1', ({ mail }) => mail.state === 'refused')
  await gateway.db.insert(studies).values({
    orthancId: 'z9',
    studyInstanceUid: '1.2.9',
    accessionNumber: 'NESSUNO',
    description: 'TC ADDOME',
    state: 'stable',
    seriesCount: 1,
    instanceCount: 1,
    sizeBytes: 1,
    changedAt: new Date(gateway.now().getTime() - 2 * 24 * 60 * 60_000),
  })
  await enterByPage(page, gateway, everybody)
  await page.keyboard.press('Alt+a')
  await page.getByRole('heading', { name: 'Da controllare' }).waitFor()
  await page.getByText('Archivia con una nota').first().click()
  await check('attention')
  await page.keyboard.press('Alt+u')
  await page.getByRole('heading', { name: 'Utenti dello sportello' }).waitFor()
  await check('accounts')
  await page.getByRole('link', { name: 'Nuova Persona' }).click()
  await page.getByRole('heading', { name: 'Utenza di Nuova Persona' }).waitFor()
  await check('account')
  await page.keyboard.press('Alt+r')
  await page.getByRole('heading', { name: 'Registro accessi' }).waitFor()
  await page.getByRole('button', { name: 'Verifica il registro' }).click()
  await page.getByText('Il registro è integro').waitFor()
  await check('trail')
})
