import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { checkVisit, checkWhole, letTimePass, mailsWaiting } from './checks.ts'
import { type Answer, ask, risAsk } from './person.ts'
import { tinyPdf } from './samples.ts'
import type { Visit } from './story.ts'
import { startWorld, type World } from './world.ts'

export type DiskResult = {
  /** Why it was not tried; null where it was. */
  skipped: string | null
  acknowledged: number
  /** Answers by status while nothing more fitted on the disk; 0 is no answer. */
  whileFull: Record<string, number>
  /** Did the gateway go on by itself when there was space again, or had it to be started anew? */
  recovered: 'by itself' | 'after a restart' | 'not'
  wrong: string[]
}

const run = promisify(execFile)
const SIZE_MB = 192
const TRIES = 30

/** Fills the disk under the gateway's own cluster, goes on using the portal, and then makes space again. */
export async function runFullDisk(): Promise<DiskResult> {
  const result: DiskResult = { skipped: null, acknowledged: 0, whileFull: {}, recovered: 'not', wrong: [] }
  const dataDir = await mkdtemp(join(tmpdir(), 'ritiro-disk-'))
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${SIZE_MB}m,mode=0755`, 'tmpfs', dataDir])
  } catch {
    await rm(dataDir, { recursive: true, force: true })
    return { ...result, skipped: 'a small tmpfs cannot be mounted: it needs root and the right to mount' }
  }
  try {
    const world = await startWorld({ dataDir })
    try {
      await useAndFill(world, dataDir, result)
    } finally {
      result.wrong.push(...(await world.end()).map((what) => `still running: ${what}`))
    }
  } finally {
    await run('umount', ['-l', dataDir])
    await rm(dataDir, { recursive: true, force: true })
  }
  return result
}

async function useAndFill(world: World, dataDir: string, result: DiskResult): Promise<void> {
  const visits: Visit[] = []
  for (let number = 0; number < 5; number++) await use(world, number, visits)
  const filler = join(dataDir, 'filler')
  await fill(filler)
  for (let number = 5; number < 5 + TRIES; number++) {
    const { status, ms } = await use(world, number, visits)
    const key = String(status)
    result.whileFull[key] = (result.whileFull[key] ?? 0) + 1
    if (ms > 10_000) result.wrong.push(`an answer took ${ms} ms while the disk was full`)
  }
  const failures = Object.keys(result.whileFull).filter((status) => status !== '201')
  if (failures.length === 0) result.wrong.push('the disk was not full: nothing was refused')
  if (failures.some((status) => status !== '500' && status !== '503'))
    result.wrong.push(`answers while the disk was full: ${failures.join(', ')}`)
  await rm(filler)
  result.recovered = await recovery(world)
  result.acknowledged = visits.reduce((sum, { acknowledged }) => sum + acknowledged, 0)
  // Mails that failed to be noted or sent meanwhile have their pauses: minutes pass while nobody holds them.
  await world.killGateway()
  if (result.recovered !== 'after a restart') await letTimePass(world)
  await world.startGateway()
  for (let waited = 0; waited < 60_000 && (await mailsWaiting(world)) > 0; waited += 200) await sleep(200)
  for (const visit of visits) result.wrong.push(...(await checkVisit(world, visit)))
  result.wrong.push(...(await checkWhole(world)))
}

/** Registers and delivers; only what was acknowledged is remembered. */
async function use(world: World, number: number, visits: Visit[]): Promise<{ status: number; ms: number }> {
  const accessionNumber = `F${number}`
  const email = `disco${number}@example.org`
  const before = Date.now()
  const body = {
    accessionNumber,
    patient: { familyName: 'Rossi', givenName: 'Mario', birthDate: '1980-04-23' },
    email,
    consent: true,
    exams: [{ description: 'RX TORACE', date: '2020-05-18', imagesExpected: false }],
  }
  const registered = await risAsk(world, 'POST', '/visits', body)
  const outcome = (answer: Answer) => ({ status: answer?.status ?? 0, ms: Date.now() - before })
  if (registered?.status !== 201) return outcome(registered)
  const { pin1 } = JSON.parse(registered.text) as { pin1: string }
  const visit: Visit = {
    accessionNumber,
    address: `198.18.0.${number}`,
    email,
    pin1,
    consent: true,
    report: false,
    images: 'none',
    withdrawn: false,
    shares: [],
    acknowledged: 1,
  }
  visits.push(visit)
  const form = new FormData()
  const document = tinyPdf(`${accessionNumber} ${randomBytes(250_000).toString('hex')}`)
  form.set('document', new File([document], 'referto', { type: 'application/pdf' }))
  const delivered = await ask(world, 'POST', `/api/v1/visits/${accessionNumber}/reports`, {
    address: '192.0.2.1',
    headers: { authorization: `Bearer ${world.apiKey}` },
    body: form,
  })
  if (delivered?.status === 201) {
    visit.report = true
    visit.acknowledged += 1
  }
  return outcome(delivered)
}

async function fill(path: string): Promise<void> {
  const file = await open(path, 'w')
  try {
    for (let size = 2 ** 20; size >= 4096; ) {
      const { bytesWritten } = await file.write(Buffer.alloc(size, 1)).catch(() => ({ bytesWritten: 0 }))
      if (bytesWritten < size) size /= 2
    }
  } finally {
    await file.close()
  }
}

async function recovery(world: World): Promise<DiskResult['recovered']> {
  for (let waited = 0; waited < 15_000; waited += 300) {
    const answer = await ask(world, 'GET', '/health', { address: '198.18.1.1' })
    if (answer?.status === 200) return 'by itself'
    await sleep(300)
  }
  await world.killGateway()
  await world.startGateway()
  return 'after a restart'
}
