import { createHash } from 'node:crypto'
import { tinyPdf } from '../chaos-run/samples.ts'
import { documentCase } from './documents.ts'
import type { Pages } from './pages.ts'
import { type Person, type Portal, soundP7m, visitOf } from './portal.ts'
import type { Dice } from './random.ts'
import { hostileText } from './texts.ts'

const EXAMS = 45
const DRAWN_EACH = 4

/** Hostile documents through `POST …/reports`; those that are taken through the report page and both downloads. */
export async function fuzzDocuments(
  portal: Portal,
  dice: Dice,
  cases: number,
  pages: Pages,
): Promise<{ taken: number }> {
  const signed = await soundP7m(portal.world.directory)
  let taken = 0
  for (let from = 0; from < cases; from += EXAMS) {
    const count = Math.min(EXAMS, cases - from)
    const accession = `D${from}`
    const exams = Array.from({ length: count + 1 }, (_, index) => ({
      accessionNumber: `${accession}-${index}`,
      description: `ESAME ${index}`,
      date: '2020-05-18',
      imagesExpected: false,
    }))
    const visit = await portal.register('documents', visitOf(accession, { exams }))
    if (!visit) throw new Error('the visit for documents was refused')
    const accepted = new Map<string, { name: string; sha256: string; p7m: boolean }>()
    const soundPdf = Buffer.from(tinyPdf('sound'))
    await portal.deliver('sound', `${accession}-${count}`, soundPdf)
    for (let index = 0; index < count; index++) {
      const { name, bytes, type } = documentCase(dice, from + index, signed)
      const fields = {
        text: hostileText(dice, 400, { controls: 0 }).replaceAll('\0', ''),
        physician: hostileText(dice, 80, { controls: 0 }),
      }
      const reply = await portal.deliver(
        `${name} ${from + index}`,
        `${accession}-${index}`,
        bytes,
        fields,
        type,
      )
      if (reply?.status === 201)
        accepted.set(`ESAME ${index}`, { name, sha256: sha256(bytes), p7m: type !== 'application/pdf' })
    }
    taken += accepted.size
    const person = await portal.signIn('documents', visit.pin1, visitOf(accession).email)
    if (person) await readAll(portal, person, accepted, `ESAME ${count}`, pages)
  }
  return { taken }
}

async function readAll(
  portal: Portal,
  person: Person,
  accepted: Map<string, { name: string; sha256: string; p7m: boolean }>,
  sound: string,
  pages: Pages,
): Promise<void> {
  const list = await portal.ask('list', 'GET', '/referti', { person })
  const ids = [
    ...new Set([...(list?.text ?? '').matchAll(/\/referti\/([0-9a-f-]{36})"/g)].map(([, id]) => id ?? '')),
  ]
  const shown = await Promise.all(
    ids.map(async (id) => ({
      id,
      page: (await portal.ask('report page', 'GET', `/referti/${id}`, { person }))?.text ?? '',
    })),
  )
  const harmless = shown.filter(({ page }) => page.includes(`>${sound}<`)).map(({ page }) => page)
  if (ids.length !== accepted.size + 1)
    portal.wrong.push(`documents: ${accepted.size + 1} were taken, ${ids.length} are shown`)
  for (const [index, { id, page }] of shown.entries()) {
    const exam = [...accepted.keys()].find((description) => page.includes(`>${description}<`))
    const known = exam === undefined ? undefined : accepted.get(exam)
    if (!known) continue
    // A .p7m's page has what a signature says of itself; everything else is the page of a sound PDF.
    const strangers = await pages.strangers(page, harmless[0] ?? '')
    const grave = strangers.filter(
      (what) => !known.p7m || /script|iframe|object|embed|leads to|\bon[a-z]+\b/.test(what),
    )
    portal.wrong.push(...grave.map((what) => `report page of ${known.name}: ${what}`))
    // pdf.js draws it in the page: what acts in a document may not act there.
    if (index % DRAWN_EACH === 0)
      for (const what of await pages.opened(`${portal.world.url}/referti/${id}`, person.cookie))
        portal.wrong.push(`report page of ${known.name}, drawn: ${what}`)
    const file = await portal.ask(known.name, 'GET', `/referti/${id}/firmato`, { person })
    if (file && sha256(file.bytes) !== known.sha256)
      portal.wrong.push(`${known.name}: not byte for byte as delivered`)
    const document = await portal.ask(known.name, 'GET', `/referti/${id}/documento.pdf`, { person })
    for (const answer of [file, document]) {
      if (!answer || answer.status === 404) continue
      const { headers } = answer
      const type = headers.get('content-type') ?? ''
      if (!/^application\/(?:pdf|pkcs7-mime)$/.test(type))
        portal.wrong.push(`${known.name}: is served as ${type}`)
      if (headers.get('x-content-type-options') !== 'nosniff')
        portal.wrong.push(`${known.name}: is served without nosniff`)
      if (!headers.get('content-security-policy')?.includes("default-src 'none'"))
        portal.wrong.push(`${known.name}: is served without policy`)
    }
  }
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
