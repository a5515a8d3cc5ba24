import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { tinyPdf } from '../chaos-run/samples.ts'
import { storeFiles } from '../demo-data/store.ts'
import type { AlteringProxy } from './altering-proxy.ts'
import { type CodedImage, codedFile } from './compressed.ts'
import { acceptableCase, type DicomCase, deflateBomb, dicomCase } from './dicom.ts'
import { file, type Identity, identityOf } from './encoding.ts'
import { lookAt, soundPages } from './look-dicom.ts'
import type { Pages } from './pages.ts'
import { type Portal, visitOf } from './portal.ts'
import type { Dice } from './random.ts'
import { structuredFile } from './structured.ts'

const FILES_PER_STUDY = 40
// An archive that has died of a kind of files so often needs not be told again.
const DEATHS_PER_KIND = 2

type Tools = { pages: Pages; images: readonly CodedImage[]; proxy: AlteringProxy }
export type ArchiveResult = {
  taken: number
  altered: number
  deadly: Record<string, number>
  answers: Record<string, number>
}
type Filed = { accession: string; pin1: string }

/**
 * Hostile files into the archive, by C-STORE where a client would send them and by its own upload where not, and altered
 * between archive and gateway; from there through publication, metadata, frames, pages, both viewers' data and the disc.
 */
export async function fuzzDicom(
  portal: Portal,
  dice: Dice,
  cases: number,
  tools: Tools,
): Promise<ArchiveResult> {
  const result: ArchiveResult = { taken: 0, altered: 0, deadly: {}, answers: {} }
  const sound = await fileSound(portal, dice, tools.images)
  const studies: Filed[] = []
  for (let from = 0; from < cases; from += FILES_PER_STUDY) {
    const count = Math.min(FILES_PER_STUDY, cases - from)
    const filed = await fileStudy(portal, dice, { from, count }, tools, result)
    if (filed) studies.push(filed)
  }
  const soundly = await soundPages(portal, await entered(portal, sound), tools.pages)
  for (const { accession, pin1 } of studies) {
    const visitor = await entered(portal, { accession, pin1 })
    await lookAt(portal, {
      ...visitor,
      sound: soundly,
      pages: tools.pages,
      answers: result.answers,
      deadly: result.deadly,
    })
  }
  return result
}

async function entered(portal: Portal, { accession, pin1 }: Filed) {
  const person = await portal.signIn(accession, pin1, visitOf(accession).email)
  if (!person) throw new Error(`nobody can sign in to ${accession}`)
  return { accession, person }
}

/** A visit like the others, with nothing hostile in it: what its pages are built of, the others' may be too. */
async function fileSound(portal: Portal, dice: Dice, images: readonly CodedImage[]): Promise<Filed> {
  const id = (number: number) => ({ root: rootOf(0), accessionNumber: 'I0', number })
  const files = [
    ...images.map((image, number) => codedFile(dice, id(number), [image], 'sound')),
    ...Array.from({ length: 4 }, (_, index) =>
      structuredFile(dice, id(images.length + index), { depth: 20, width: 40, text: () => 'Reperti' }),
    ),
  ]
  await store(portal, 'I0', files)
  return registered(portal, 'I0')
}

async function fileStudy(
  portal: Portal,
  dice: Dice,
  { from, count }: { from: number; count: number },
  { images, proxy }: Tools,
  result: ArchiveResult,
): Promise<Filed | null> {
  const study = 1 + from / FILES_PER_STUDY
  const accession = `I${study}`
  const files: Buffer[] = []
  const uploads: DicomCase[] = []
  for (let index = 0; index < count; index++) {
    const id = { root: rootOf(study), accessionNumber: accession, number: from + index }
    const way = index % 10
    if (way < 5) files.push(acceptableCase(dice, id, images).bytes)
    else if (way < 9) {
      // The archive holds a sound one, and the gateway is given another.
      files.push(file(identityOf(id)))
      const isBomb = index === 7 && study % 5 === 1
      proxy.alter(namesOf(id), (isBomb ? deflateBomb(id, 2 ** 29) : dicomCase(dice, id, images)).bytes)
      result.altered += 1
    } else uploads.push(dicomCase(dice, id, images))
  }
  // One sound image, so that every study is one.
  files.push(file(identityOf({ root: rootOf(study), accessionNumber: accession, number: 9_999 })))
  result.taken += await store(portal, accession, files)
  for (const one of uploads) result.taken += await upload(portal, one, result.deadly)
  return registered(portal, accession)
}

const rootOf = (study: number) => `1.2.826.0.1.3680043.8.498.88.${study + 1}`
const namesOf = ({ root, number }: Identity) => ({
  ...{ patientId: 'FUZZ', study: root, series: `${root}.1` },
  sop: `${root}.1.${number + 1}`,
})

async function registered(portal: Portal, accession: string): Promise<Filed> {
  const exams = [{ description: 'RX TORACE', date: '2020-05-18', imagesExpected: true }]
  const visit = await portal.register('dicom', visitOf(accession, { exams }))
  if (!visit) throw new Error('the visit for images was refused')
  await portal.deliver('dicom', accession, Buffer.from(tinyPdf(accession)))
  return { accession, pin1: visit.pin1 }
}

/** How many of them C-STORE brought into the archive. */
async function store(portal: Portal, accession: string, files: Buffer[]): Promise<number> {
  const folder = join(portal.world.directory, accession)
  await mkdir(folder, { recursive: true })
  for (const [index, bytes] of files.entries()) await writeFile(join(folder, `${index}.dcm`), bytes)
  const { host, dicomPort: port, aet } = portal.world.orthanc()
  return (await storeFiles({ host, port, aet, files: { directory: folder } })).accepted
}

/** What no C-STORE client would send reaches an archive by its own upload. An archive that dies of it is started anew. */
async function upload(
  portal: Portal,
  { name, bytes }: DicomCase,
  deadly: Record<string, number>,
): Promise<number> {
  const deaths = deadly[name] ?? 0
  if (deaths >= DEATHS_PER_KIND) return 0
  const { world } = portal
  const body = new Uint8Array(bytes)
  const answer = await world
    .orthanc()
    .request('/instances', { method: 'POST', body, as: 'administrator' })
    .catch(() => null)
  await answer?.body?.cancel()
  if (answer) return answer.ok ? 1 : 0
  deadly[name] = deaths + 1
  await world.killOrthanc()
  await world.startOrthanc()
  return 0
}
