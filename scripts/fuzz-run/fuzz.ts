import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { startWorld } from '../chaos-run/world.ts'
import { alteringProxy } from './altering-proxy.ts'
import { codedImages } from './compressed.ts'
import { fuzzDisc } from './disc.ts'
import { type ArchiveResult, fuzzDicom } from './intake-dicom.ts'
import { fuzzDocuments } from './intake-documents.ts'
import { fuzzTexts } from './intake-texts.ts'
import { openPages } from './pages.ts'
import { type Portal, portalOf } from './portal.ts'
import { diceOf } from './random.ts'

export type FuzzResult = {
  /** Cases tried, and of those that came through a door how many were taken. */
  cases: Record<'disc' | 'dicom' | 'documents' | 'texts', number>
  taken: Record<'dicom' | 'documents' | 'texts', number>
  /** Of the files: those that the gateway was given in the place of what the archive holds. */
  altered: number
  /** Answers to requests for images, by status. */
  answers: Record<string, number>
  /** Files that the archive itself (Debian's Orthanc) died of, by kind: it was started anew. */
  deadlyForTheArchive: Record<string, number>
  slowestMs: number
  /** Of the gateway's process, in MB: before, after, and the most it ever held. */
  memory: { before: number; after: number; most: number }
  seconds: number
  wrong: string[]
}

// A deflated file may inflate to 256 MB (disc-file.ts), in the main thread and in one of each pool at the same time, and
// what was inflated lies there until the engine cleans up. Documents of 50 MB and discs are less.
const MOST_MB = 2_500

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
  // Nine of ten through the gateway's own doors.
  const counts = { disc: share(0.1), dicom: share(0.62), documents: share(0.2), texts: share(0.08) }
  const images = await codedImages()
  const pages = await openPages()
  const proxy = await alteringProxy()
  const world = await startWorld({
    archiveAt(url) {
      proxy.standBefore(url)
      return proxy.url
    },
  })
  const portal = portalOf(world)
  const taken = { dicom: 0, documents: 0, texts: 0 }
  const before = await memoryOf(world.gatewayPid(), 'VmRSS')
  let [after, most] = [0, 0]
  let archive: ArchiveResult | null = null
  const beating = heartbeat(portal)
  try {
    portal.wrong.push(...(await fuzzDisc(diceOf(`disc ${seed}`), counts.disc, pages, images)))
    say(`disc: ${counts.disc} files`)
    archive = await fuzzDicom(portal, diceOf(`dicom ${seed}`), counts.dicom, { pages, images, proxy })
    taken.dicom = archive.taken
    say(`intake: ${counts.dicom} files, ${taken.dicom} taken by the archive, ${archive.altered} altered`)
    taken.documents = (
      await fuzzDocuments(portal, diceOf(`documents ${seed}`), counts.documents, pages)
    ).taken
    say(`documents: ${counts.documents}, ${taken.documents} taken`)
    taken.texts = (await fuzzTexts(portal, diceOf(`texts ${seed}`), counts.texts, pages)).taken
    say(`texts: ${counts.texts}, ${taken.texts} taken`)
    after = await memoryOf(world.gatewayPid(), 'VmRSS')
    most = await memoryOf(world.gatewayPid(), 'VmHWM')
    if (most === 0) portal.wrong.push('the gateway has ended by itself')
    if (most > MOST_MB) portal.wrong.push(`the gateway held ${most} MB`)
    const log = await readFile(`${world.directory}/gateway.log`, 'utf8')
    for (const line of log.split('\n'))
      if (/"http\.bug"|gateway\.crashed/.test(line)) portal.wrong.push(`log: ${line.slice(0, 300)}`)
  } finally {
    await beating.stop()
    await pages.close()
    portal.wrong.push(...(await world.end()).map((what) => `still running: ${what}`))
    await proxy.close()
  }
  return {
    cases: counts,
    taken,
    altered: archive?.altered ?? 0,
    answers: archive?.answers ?? {},
    deadlyForTheArchive: archive?.deadly ?? {},
    slowestMs: Math.round(portal.slowestMs),
    memory: { before, after, most },
    seconds: Math.round((Date.now() - started) / 1000),
    wrong: portal.wrong,
  }
}

/** Asks for a page all the time: while a hostile file is prepared, nobody else may have to wait (`portal` tells who did). */
function heartbeat(portal: Portal): { stop: () => Promise<void> } {
  let goesOn = true
  const beating = (async () => {
    while (goesOn) {
      await portal.ask('meanwhile', 'GET', '/aiuto')
      await sleep(300)
    }
  })()
  return {
    async stop() {
      goesOn = false
      await beating
    },
  }
}

async function memoryOf(pid: number, which: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Math.round(Number(new RegExp(`^${which}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) / 1024)
}
