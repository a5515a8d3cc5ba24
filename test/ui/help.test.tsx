import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { HelpPage } from '../../src/help/help.tsx'
import { PrivacyPage } from '../../src/help/legal.tsx'
import { openPage, sampleSite, startChromium, startSite } from './support.tsx'

const site = await sampleSite()
const bare = { ...site, contacts: {}, privacy: {}, accessibility: {} }
const complete = { ...site, features: { sharing: true, removal: true } }

let browser: Awaited<ReturnType<typeof startChromium>>
let server: Awaited<ReturnType<typeof startSite>>

beforeAll(async () => {
  browser = await startChromium()
  server = await startSite((_app, show) => {
    show('/aiuto', () => <HelpPage site={site} />)
    show('/aiuto-completo', () => <HelpPage site={complete} />)
    show('/aiuto-senza-contatti', () => <HelpPage site={bare} />)
    show('/privacy', () => <PrivacyPage site={bare} />)
  })
})
afterAll(async () => {
  await browser?.close()
  await server?.stop()
})

async function textOf(path: string): Promise<string> {
  return await (await fetch(server.url + path)).text()
}

describe('the help page', () => {
  test('answers every question of S36', async () => {
    const text = await textOf('/aiuto')
    for (const question of [
      'Dove trovo i miei PIN?',
      'Il PIN2 non è arrivato',
      'i PIN non sono corretti',
      'Per quanto tempo il referto resta online?',
      'Come apro il referto firmato (.p7m)?',
      'masterizzare il file su Windows',
      'masterizzare il file su macOS',
      'masterizzare il file su Linux',
      'E sul telefono o sul tablet?',
      'Come condivido referto e immagini',
      'togliere il mio referto dal portale',
      'La mia linea è lenta',
    ])
      expect(text).toContain(question)
  })

  test('tells of sharing and removal what this portal can do, not what others can', async () => {
    const [today, complete] = await Promise.all(['/aiuto', '/aiuto-completo'].map(textOf))
    expect(today).toContain('non è ancora attiva')
    expect(today).toContain('ritira il consenso')
    expect(complete).not.toContain('non è ancora attiva')
    expect(complete).toContain('Invia referto e immagini al tuo medico di fiducia')
    expect(complete).toContain('premi <strong>Rimuovi</strong>')
  })

  test('opens the answer that a link points at, and every answer by keyboard', async () => {
    const { page, close } = await openPage(browser)
    await page.goto(`${server.url}/aiuto#pin2-non-arrivato`)
    const answer = page.getByText('chiedi un nuovo PIN2')
    await answer.waitFor()
    expect(await answer.getAttribute('href')).toBe('/pin2')
    await page.getByText('Ho perso il foglio con il PIN1').focus()
    await page.locator('summary', { hasText: 'Ho perso il foglio' }).press('Enter')
    await page.getByText('Torna allo sportello con un documento').waitFor()
    await close()
  })

  test('opens its answers without JavaScript', async () => {
    const { page, close } = await openPage(browser, { javaScriptEnabled: false })
    await page.goto(`${server.url}/aiuto`)
    await page.locator('summary', { hasText: 'Dove trovo i miei PIN?' }).click()
    await page.getByText('Li ricevi per due strade diverse').waitFor()
    await close()
  })

  test('invents no contact, officer or address that is not set', async () => {
    const help = await textOf('/aiuto-senza-contatti')
    expect(help).not.toMatch(/tel:|mailto:/)
    expect(help).toContain(site.messages.common.contacts.none)
    const privacy = await textOf('/privacy')
    expect(privacy).toContain('si possono chiedere alla struttura')
    expect(privacy).not.toMatch(/undefined|mailto:/)
  })
})
