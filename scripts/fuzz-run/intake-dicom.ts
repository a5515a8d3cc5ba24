import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { tinyImage, tinyPdf } from '../chaos-run/samples.ts'
import { storeFiles } from '../demo-data/store.ts'
import { acceptableCase, type DicomCase, deflateBomb, dicomCase } from './dicom.ts'
import type { Pages } from './pages.ts'
import { type Person, type Portal, visitOf } from './portal.ts'
import type { Dice } from './random.ts'

const FILES_PER_STUDY = 40

/** Hostile files by C-STORE into the archive, and from there through publication, metadata, pages and the disc. */
export async function fuzzDicom(
  portal: Portal,
  dice: Dice,
  cases: number,
  pages: Pages,
): Promise<{ taken: number; deadly: Record<string, number> }> {
  let taken = 0
  const deadly = new Map<string, number>()
  const studies = []
  for (let from = 0; from < cases; from += FILES_PER_STUDY) {
    const number = 1 + from / FILES_PER_STUDY
    const accession = `I${number}`
    const root = `1.2.826.0.1.3680043.8.498.88.${number}`
    const folder = join(portal.world.directory, accession)
    await mkdir(folder, { recursive: true })
    // One sound image, so that every study is one.
    await writeFile(join(folder, 'sound.dcm'), tinyImage(accession, number))
    for (let index = 0; index < Math.min(FILES_PER_STUDY, cases - from); index++) {
      const id = { root, accessionNumber: accession, number: index }
      if (dice.chance(0.6)) await writeFile(join(folder, `${index}.dcm`), acceptableCase(dice, id).bytes)
      else taken += await upload(portal, index === 7 ? deflateBomb(id, 2 ** 29) : dicomCase(dice, id), deadly)
    }
    const { host, dicomPort: port, aet } = portal.world.orthanc()
    taken += (await storeFiles({ host, port, aet, files: { directory: folder } })).accepted
    const exams = [{ description: 'RX TORACE', date: '2020-05-18', imagesExpected: true }]
    const visit = await portal.register('dicom', visitOf(accession, { exams }))
    await portal.deliver('dicom', accession, Buffer.from(tinyPdf(accession)))
    if (visit) studies.push({ accession, visit })
  }
  for (const { accession, visit } of studies) {
    const person = await portal.signIn(accession, visit.pin1, visitOf(accession).email)
    if (person) await lookAt(portal, accession, person, pages)
  }
  return { taken, deadly: Object.fromEntries(deadly) }
}

/** What no C-STORE client would send reaches an archive by its own upload. An archive that dies of it is started anew. */
async function upload(
  portal: Portal,
  { name, bytes }: DicomCase,
  deadly: Map<string, number>,
): Promise<number> {
  const { world } = portal
  const body = new Uint8Array(bytes)
  const answer = await world
    .orthanc()
    .request('/instances', { method: 'POST', body, as: 'administrator' })
    .catch(() => null)
  await answer?.body?.cancel()
  if (answer) return answer.ok ? 1 : 0
  deadly.set(name, (deadly.get(name) ?? 0) + 1)
  await world.killOrthanc()
  await world.startOrthanc()
  return 0
}

async function lookAt(portal: Portal, accession: string, person: Person, pages: Pages): Promise<void> {
  const list = await portal.ask(accession, 'GET', '/referti', { person })
  const id = /\/referti\/([0-9a-f-]{36})"/.exec(list?.text ?? '')?.[1] ?? ''
  const state = await portal.ask(accession, 'GET', `/api/v1/visits/${accession}`)
  const uids =
    (JSON.parse(state?.text ?? '{}') as { images?: { studyInstanceUids?: string[] } }).images
      ?.studyInstanceUids ?? []
  for (const uid of uids) {
    for (const path of [
      `/dicomweb/studies?StudyInstanceUID=${uid}`,
      `/dicomweb/studies/${uid}/series`,
      `/dicomweb/studies/${uid}/metadata`,
    ]) {
      const reply = await portal.ask(accession, 'GET', path, {
        person,
        headers: { accept: 'application/dicom+json' },
      })
      const type = reply?.headers.get('content-type') ?? ''
      // What a browser would take for a page must not come out of DICOM.
      if (reply?.status === 200 && !/^application\/(?:dicom\+)?json/.test(type))
        portal.wrong.push(`${accession}: ${path} is ${type}`)
    }
  }
  const harmless = await portal.ask(accession, 'GET', '/referti', { person })
  for (const what of await pages.strangers(list?.text ?? '', harmless?.text ?? ''))
    portal.wrong.push(`${accession}, list: ${what}`)
  for (let waited = 0; waited < 60_000; waited += 300) {
    const disc = await portal.ask(accession, 'GET', `/referti/${id}/disco.iso`, { person })
    if (disc?.status === 200) {
      await checkDisc(portal, accession, disc.bytes, Number(disc.headers.get('content-length')), pages)
      return
    }
    await sleep(300)
  }
  portal.wrong.push(`${accession}: the disc was not ready in a minute`)
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
