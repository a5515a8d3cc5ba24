import { setTimeout as sleep } from 'node:timers/promises'
import { isDataScript } from '../../src/shards/script.ts'
import type { Pages } from './pages.ts'
import type { Person, Portal } from './portal.ts'

type Visitor = { accession: string; person: Person }
/** Pages of a sound visit, by their addresses below `/referti/:id`. */
export type SoundPages = ReadonlyMap<string, string>

type Counts = Record<string, number>
type Look = Visitor & { sound: SoundPages; pages: Pages; answers: Counts; deadly: Counts }

/** Pages of which a hostile one may differ in nothing but words, and those with more or fewer rows. */
const PAGES = { exactly: ['list', '/disco'], byRows: ['', '/strutturati'] } as const
const LONGEST_WAIT_MS = 60_000

/** What a visit's pages are built of when nothing hostile is in it; and that the comparison with it finds what is planted. */
export async function soundPages(portal: Portal, visitor: Visitor, pages: Pages): Promise<SoundPages> {
  const id = await publicationOf(portal, visitor)
  await prepared(portal, { ...visitor, deadly: {} }, id)
  const sound = await pagesOf(portal, visitor, id)
  for (const [name, html] of sound) {
    const planted = html.replace('</main>', '<img src="x" onerror="window.pwned=1"></main>')
    if (html === '' || planted === html || (await pages.strangers(planted, html)).length === 0)
      portal.wrong.push(`${name || 'report'}: a sound page with something planted passes for sound`)
  }
  return sound
}

/** Everything that a person can ask for of a study. */
export async function lookAt(portal: Portal, look: Look): Promise<void> {
  const { accession, person, pages, sound } = look
  const id = await publicationOf(portal, look)
  await prepared(portal, look, id)
  await askDicomweb(portal, look)
  for (const [name, html] of await pagesOf(portal, look, id)) {
    // A study need not hold a structured report that can be read.
    if (html === '') continue
    const exactly = PAGES.exactly.some((page) => page === name)
    for (const what of await pages.strangers(html, sound.get(name) ?? '', { exactly }))
      portal.wrong.push(`${accession}, ${name || 'report'}: ${what}`)
  }
  await askQuickView(portal, look, id)
  for (const what of await pages.opened(`${portal.world.url}/referti/${id}/rapida`, person.cookie))
    portal.wrong.push(`${accession}, quick view: ${what}`)
  const disc = await portal.ask(accession, 'GET', `/referti/${id}/disco.iso`, { person })
  if (disc?.status === 200)
    await checkDisc(portal, accession, disc.bytes, Number(disc.headers.get('content-length')), pages)
  else portal.wrong.push(`${accession}: the disc answered ${disc?.status}`)
}

async function publicationOf(portal: Portal, { accession, person }: Visitor): Promise<string> {
  const list = await portal.ask(accession, 'GET', '/referti', { person })
  return /\/referti\/([0-9a-f-]{36})"/.exec(list?.text ?? '')?.[1] ?? ''
}

/** Waits until disc and quick view are made. */
async function prepared(
  portal: Portal,
  { accession, person, deadly }: Visitor & Pick<Look, 'deadly'>,
  id: string,
): Promise<void> {
  const headers = { range: 'bytes=0-0' }
  for (let waited = 0; waited < LONGEST_WAIT_MS; waited += 300) {
    const disc = await portal.ask(accession, 'GET', `/referti/${id}/disco.iso`, { person, headers })
    const view = await portal.ask(accession, 'GET', `/referti/${id}/rapida/ST000000/INDEX.JS`, { person })
    if (disc?.status === 206 && view?.status === 200) return
    await revived(portal, 'preparation', deadly)
    await sleep(300)
  }
  portal.wrong.push(`${accession}: disc and quick view were not ready in a minute`)
}

/** Starts an archive anew that has died of what it was asked for; false where it lives. Debian's is older than production takes. */
async function revived(portal: Portal, by: string, deadly: Counts): Promise<boolean> {
  const { world } = portal
  const lives = await world
    .orthanc()
    .request('/system')
    .then(({ ok }) => ok)
    .catch(() => false)
  if (lives) return false
  deadly[by] = (deadly[by] ?? 0) + 1
  await world.killOrthanc()
  await world.startOrthanc()
  return true
}

/** By name; empty where there is no such page. */
async function pagesOf(
  portal: Portal,
  { accession, person }: Visitor,
  id: string,
): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for (const name of [...PAGES.exactly, ...PAGES.byRows]) {
    const path = name === 'list' ? '/referti' : `/referti/${id}${name}`
    const reply = await portal.ask(accession, 'GET', path, { person })
    found.set(name, reply?.status === 200 ? reply.text : '')
  }
  return found
}

const JSON_TYPE = 'application/dicom+json'
type Named = Record<string, { Value?: string[] } | undefined>

async function askDicomweb(portal: Portal, { accession, person, answers, deadly }: Look): Promise<void> {
  const state = await portal.ask(accession, 'GET', `/api/v1/visits/${accession}`)
  const { images } = JSON.parse(state?.text ?? '{}') as { images?: { studyInstanceUids?: string[] } }
  const ask = async (what: string, path: string, accept: string, type: RegExp) => {
    const reply = await portal.ask(accession, 'GET', `/dicomweb${path}`, {
      person,
      headers: { accept },
      ofArchive: true,
    })
    const told = `${what} ${reply?.status ?? 'nothing'}`
    answers[told] = (answers[told] ?? 0) + 1
    if (reply?.status === 503 && !(await revived(portal, `asked for ${what}`, deadly)))
      portal.wrong.push(`${accession}: ${path} answered 503, and the archive is there`)
    const given = reply?.headers.get('content-type') ?? ''
    // What a browser would take for a page must not come out of DICOM.
    if (reply?.status === 200 && !type.test(given)) portal.wrong.push(`${accession}: ${path} is ${given}`)
    if (reply && reply.headers.get('x-content-type-options') !== 'nosniff')
      portal.wrong.push(`${accession}: ${path} comes without nosniff`)
    return reply
  }
  for (const uid of images?.studyInstanceUids ?? []) {
    const study = `/studies/${uid}`
    await ask('study', `/studies?StudyInstanceUID=${uid}`, JSON_TYPE, /^application\/(?:dicom\+)?json/)
    await ask('series', `${study}/series`, JSON_TYPE, /^application\/(?:dicom\+)?json/)
    await ask('study metadata', `${study}/metadata`, JSON_TYPE, /^application\/(?:dicom\+)?json/)
    const listed = await ask('instances', `${study}/instances`, JSON_TYPE, /^application\/(?:dicom\+)?json/)
    const instances = listed?.status === 200 ? (JSON.parse(listed.text) as Named[]) : []
    for (const [index, found] of instances.entries()) {
      const [series, sop] = ['0020000E', '00080018'].map((tag) => found[tag]?.Value?.[0] ?? '')
      const at = `${study}/series/${series}/instances/${sop}`
      const accept = ['image/jls', '*/*', 'application/octet-stream', 'multipart/related; type="image/jls"'][
        index % 4
      ]
      await ask(
        'frame',
        `${at}/frames/1`,
        accept ?? '*/*',
        /^(?:image\/|application\/octet|multipart\/related)/,
      )
      await ask('rendered', `${at}/rendered`, index % 2 ? 'image/png' : 'image/jpeg', /^image\/(?:png|jpeg)$/)
      if (index % 3 === 0) await ask('thumbnail', `${at}/thumbnail`, 'image/jpeg', /^image\/jpeg$/)
      if (index % 3 === 1)
        await ask('bulk data', `${at}/bulk/7FE00010`, '*/*', /^(?:application\/octet|multipart\/related)/)
      if (index % 3 === 2)
        await ask('metadata', `${at}/metadata`, JSON_TYPE, /^application\/(?:dicom\+)?json/)
      if (index % 5 === 0) await ask('file', at, '*/*', /^(?:application\/dicom|multipart\/related)/)
    }
  }
}

/** Each data file of the light viewer is of the one form that can do nothing, and is handed out as bytes. */
async function askQuickView(portal: Portal, { accession, person }: Look, id: string): Promise<void> {
  const at = `/referti/${id}/rapida`
  const names = ['EXAM.JS', 'ST000000/INDEX.JS']
  for (const letter of ['S', 'P'])
    for (let number = 0; number < 3; number++) names.push(`ST000000/${letter}000000${number}.JS`)
  for (const name of names) {
    const reply = await portal.ask(accession, 'GET', `${at}/${name}`, { person })
    if (!reply || reply.status === 404) continue
    if (!isDataScript(reply.bytes)) portal.wrong.push(`${accession}: ${name} is no data file`)
    if (reply.headers.get('content-type') !== 'application/octet-stream')
      portal.wrong.push(`${accession}: ${name} is served as ${reply.headers.get('content-type')}`)
  }
}

const ON_A_DISC =
  /^holds (?:html|head|meta|title|style|body|a|header|p|h[123]|main|section|dl|dt|dd|div|article|ul|li|table|thead|tbody|tr|th|td|footer|br|code)\[[a-z -]*\]$/

async function checkDisc(
  portal: Portal,
  accession: string,
  image: Buffer,
  promised: number,
  pages: Pages,
): Promise<void> {
  if (image.byteLength !== promised)
    portal.wrong.push(`${accession}: the disc breaks off at ${image.byteLength} of ${promised} bytes`)
  const from = image.indexOf('<!doctype html>')
  const index = image.toString('utf8', from, image.indexOf('</html>', from) + 7)
  for (const what of await pages.strangers(index, ''))
    if (!ON_A_DISC.test(what) || /\bon[a-z]+\b|srcdoc/.test(what))
      portal.wrong.push(`${accession}, INDEX.HTM: ${what}`)
}
