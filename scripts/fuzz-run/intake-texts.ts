import { randomUUID } from 'node:crypto'
import { tinyPdf } from '../chaos-run/samples.ts'
import type { Pages } from './pages.ts'
import { type Person, type Portal, visitOf } from './portal.ts'
import type { Dice } from './random.ts'
import { hostileEmail, hostileText } from './texts.ts'

type Words = {
  family: string
  given: string
  place: string
  exam: string
  doctor: string
  physician: string
  title: string
}
type Shown = Map<string, string>

const HARMLESS: Words = {
  family: 'Rossi',
  given: 'Mario',
  place: 'Cuneo',
  exam: 'RX TORACE',
  doctor: 'Verdi',
  physician: 'Bianchi',
  title: 'RX',
}

/** Hostile names, descriptions and addresses through visits, pages, mails, CSV and slip: they may be text, and nothing else. */
export async function fuzzTexts(
  portal: Portal,
  dice: Dice,
  cases: number,
  pages: Pages,
): Promise<{ taken: number }> {
  const sound = await through(portal, 'T0', HARMLESS, 'T0@example.org')
  if (!sound) throw new Error('harmless words were refused')
  let taken = 0
  for (let number = 1; number <= cases; number++) {
    const word = (longest: number) => hostileText(dice, longest, { controls: 0.03 })
    const words: Words = {
      family: word(120),
      given: word(120),
      place: word(120),
      exam: word(200),
      doctor: word(80),
      physician: word(200),
      title: word(200),
    }
    const what = `texts ${number}`
    const email = dice.chance(0.15) ? hostileEmail(dice) : `t${number}@example.org`
    const shown = await through(portal, `T${number}`, words, email)
    if (!shown) continue
    taken += 1
    for (const [name, page] of shown) {
      const harmless = sound.get(name)
      if (name === 'csv') checkCsv(portal, what, page)
      else if (name.startsWith('header')) checkHeader(portal, what, page)
      else if (harmless !== undefined)
        portal.wrong.push(
          ...(await pages.strangers(page, harmless, { exactly: name !== 'accesses' })).map(
            (found) => `${what}, ${name}: ${found}`,
          ),
        )
    }
    const list = shown.get('list')
    if (list && !flat(await pages.textOf(list)).includes(flat(words.exam)))
      portal.wrong.push(`${what}: the list does not show the words as they were given`)
  }
  return { taken }
}

/** One visit's whole way; null where its words were refused at the door. */
async function through(
  portal: Portal,
  accession: string,
  words: Words,
  email: string,
): Promise<Shown | null> {
  const patient = {
    familyName: words.family,
    givenName: words.given,
    birthDate: '1980-04-23',
    birthPlace: words.place,
  }
  const exams = [{ description: words.exam, date: '2020-05-18', imagesExpected: false }]
  const visit = await portal.register(accession, visitOf(accession, { patient, email, exams }))
  if (!visit) return null
  const fields = { physician: words.physician, exam: words.title, text: `${words.title}\n${words.physician}` }
  const delivered = await portal.deliver(accession, accession, Buffer.from(tinyPdf(accession)), fields)
  if (delivered?.status !== 201) return null
  const person = await portal.signIn(accession, visit.pin1, email)
  if (!person) return null
  const shown: Shown = new Map()
  const read = async (name: string, path: string) =>
    shown.set(name, (await portal.ask(`${accession} ${name}`, 'GET', path, { person }))?.text ?? '')
  await read('list', '/referti')
  const id = /\/referti\/([0-9a-f-]{36})"/.exec(shown.get('list') ?? '')?.[1] ?? ''
  await read('report', `/referti/${id}`)
  await read('removal', `/referti/${id}/rimuovi`)
  await share(portal, accession, person, id, words, shown)
  await read('shares', '/condivisioni')
  await read('accesses', '/accessi')
  await read('csv', '/accessi.csv')
  const slip = await portal.ask(accession, 'POST', `/api/v1/visits/${accession}/pin1`, {
    headers: { accept: 'application/pdf' },
  })
  if (slip && !slip.text.startsWith('%PDF-')) portal.wrong.push(`${accession}: the slip is no PDF`)
  // Not within its streams: compressed bytes are any, `/JS` too.
  const objects = slip?.bytes.toString('latin1').replaceAll(/\bstream\r?\n[\s\S]*?\bendstream\b/g, '') ?? ''
  if (/\/(?:JavaScript|JS|OpenAction|Launch)\b/.test(objects))
    portal.wrong.push(`${accession}: the slip acts by itself`)
  return shown
}

async function share(
  portal: Portal,
  accession: string,
  person: Person,
  id: string,
  words: Words,
  shown: Shown,
): Promise<void> {
  const email = `medico-${accession.toLowerCase()}@example.org`
  const fields = { cognome: words.doctor, nome: words.given.slice(0, 80), email, telefono: '', esami: id }
  const asked = await portal.ask(accession, 'POST', '/condivisioni/conferma', {
    person,
    body: new URLSearchParams(fields),
  })
  // Refused words come back in the form, which is another page.
  shown.set(asked?.status === 422 ? 'refused share' : 'confirmation', asked?.text ?? '')
  if (asked?.status !== 200) {
    // The list of shares then has one row less: shared under plain names instead.
    Object.assign(fields, { cognome: 'Verdi', nome: 'Anna' })
  }
  const made = await portal.ask(accession, 'POST', '/condivisioni', {
    person,
    body: new URLSearchParams({ ...fields, richiesta: randomUUID() }),
  })
  const page = await portal.ask(
    accession,
    'GET',
    (made?.headers.get('location') ?? '/referti').replace(/\?.*/, ''),
    { person },
  )
  shown.set('share PIN', page?.text ?? '')
  const mail = await portal.world.mailbox
    .waitFor(({ envelope }) => envelope.to.includes(email), 20_000)
    .catch(() => null)
  if (!mail) {
    portal.wrong.push(`${accession}: the doctor's mail never came`)
    return
  }
  shown.set('mail', mail.html ?? '')
  shown.set('header of mail', JSON.stringify([mail.envelope.to, mail.to, mail.subject, email]))
}

function checkHeader(portal: Portal, what: string, text: string): void {
  const [envelope, to, subject, email] = JSON.parse(text) as [string[], string, string, string]
  if (envelope.length !== 1 || envelope[0] !== email || to !== email)
    portal.wrong.push(`${what}: the mail went to ${to}`)
  if (/[\r\n]/.test(subject)) portal.wrong.push(`${what}: the subject has more than one line`)
}

// RFC 4180: each row has five quoted cells, and none begins as a formula.
function checkCsv(portal: Portal, what: string, csv: string): void {
  for (const row of csv
    .replace(/^\ufeff/, '')
    .split('\r\n')
    .filter(Boolean)) {
    const cells = [...row.matchAll(/"((?:[^"]|"")*)"(?:;|$)/g)].map(([, cell]) => cell ?? '')
    if (cells.length !== 5) portal.wrong.push(`${what}: a row of the CSV has ${cells.length} cells`)
    for (const cell of cells)
      if (/^\s*[=+\-@]/.test(cell)) portal.wrong.push(`${what}: a cell of the CSV is a formula`)
  }
}

const flat = (text: string) => text.replaceAll(/[\s\p{C}]+/gu, ' ').trim()
