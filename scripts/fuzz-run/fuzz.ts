import { readFile } from 'node:fs/promises'
import { startWorld } from '../chaos-run/world.ts'
import { fuzzDisc } from './disc.ts'
import { fuzzDicom } from './intake-dicom.ts'
import { fuzzDocuments } from './intake-documents.ts'
import { fuzzTexts } from './intake-texts.ts'
import { openPages } from './pages.ts'
import { portalOf } from './portal.ts'
import { diceOf } from './random.ts'

export type FuzzResult = {
  /** Cases tried, and of those that came through a door how many were taken. */
  cases: Record<'disc' | 'dicom' | 'documents' | 'texts', number>
  taken: Record<'dicom' | 'documents' | 'texts', number>
  /** Files that the archive itself (Debian's Orthanc) died of, by kind: it was started anew. */
  deadlyForTheArchive: Record<string, number>
  slowestMs: number
  /** Of the gateway's process, in MB: before, and the most it ever held. */
  memory: { before: number; most: number }
  seconds: number
  wrong: string[]
}

// A document of 50 MB and the image of a disc may be held a few times over, and no more.
const MOST_MB = 1_200

/** Hostile files, documents and texts through the real portal; the same seed gives the same cases. */
export async function runFuzz({
  seed,
  cases,
  say,
}: {
  seed: string
  cases: number
  say: (line: string) => void
}): Promise<FuzzResult> {
  const started = Date.now()
  const share = (part: number) => Math.max(5, Math.round(cases * part))
  const counts = { disc: share(0.62), dicom: share(0.1), documents: share(0.2), texts: share(0.08) }
  const pages = await openPages()
  const world = await startWorld()
  const portal = portalOf(world)
  const taken = { dicom: 0, documents: 0, texts: 0 }
  const before = await memoryOf(world.gatewayPid(), 'VmRSS')
  let most = 0
  let deadly: Record<string, number> = {}
  try {
    portal.wrong.push(...(await fuzzDisc(diceOf(`disc ${seed}`), counts.disc, pages)))
    say(`disc: ${counts.disc} files`)
    const archive = await fuzzDicom(portal, diceOf(`dicom ${seed}`), counts.dicom, pages)
    taken.dicom = archive.taken
    deadly = archive.deadly
    say(`intake: ${counts.dicom} files, ${taken.dicom} taken by the archive`)
    taken.documents = (
      await fuzzDocuments(portal, diceOf(`documents ${seed}`), counts.documents, pages)
    ).taken
    say(`documents: ${counts.documents}, ${taken.documents} taken`)
    taken.texts = (await fuzzTexts(portal, diceOf(`texts ${seed}`), counts.texts, pages)).taken
    say(`texts: ${counts.texts}, ${taken.texts} taken`)
    most = await memoryOf(world.gatewayPid(), 'VmHWM')
    if (most === 0) portal.wrong.push('the gateway has ended by itself')
    if (most > MOST_MB) portal.wrong.push(`the gateway held ${most} MB`)
    const log = await readFile(`${world.directory}/gateway.log`, 'utf8')
    for (const line of log.split('\n'))
      if (/"http\.bug"|gateway\.crashed/.test(line)) portal.wrong.push(`log: ${line.slice(0, 300)}`)
  } finally {
    await pages.close()
    portal.wrong.push(...(await world.end()).map((what) => `still running: ${what}`))
  }
  return {
    cases: counts,
    taken,
    deadlyForTheArchive: deadly,
    slowestMs: Math.round(portal.slowestMs),
    memory: { before, most },
    seconds: Math.round((Date.now() - started) / 1000),
    wrong: portal.wrong,
  }
}

async function memoryOf(pid: number, which: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Math.round(Number(new RegExp(`^${which}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) / 1024)
}
