import { setTimeout as sleep } from 'node:timers/promises'
import { randomSource } from '../demo-data/random.ts'
import { checkVisit, checkWhole, duplicates, letTimePass, mailsWaiting } from './checks.ts'
import { hangs, risAsk } from './person.ts'
import { liveThrough, type Visit } from './story.ts'
import { type Act, startWorld, type World } from './world.ts'

export type ChaosResult = {
  /** `ended`: gateways that ended by themselves when their database was killed. These are not counted as kills. */
  kills: Record<'gateway' | 'postgres' | 'orthanc' | 'ended', number>
  /** Conversations with the mail server that were cut, refused, left hanging or robbed of their answer: how many rounds. */
  smtpFaults: number
  visits: number
  acknowledged: number
  mails: number
  /** Mails that came more than once in the documented window, with the same Message-ID. */
  duplicates: { lostAnswer: number; killed: number }
  seconds: number
  /** What does not hold; empty where everything does. */
  wrong: string[]
}

const PEOPLE = 5
const AIMS: Act[] = [
  'register',
  'deliver',
  'share',
  'share',
  'revoke',
  'withdraw',
  'withdraw',
  'consent',
  'email',
  'pin2',
]
const MAILS_WITHIN_MS = 60_000

/**
 * People use the portal while a killer works: each acknowledged act is noted, and after every round compared with what
 * the portal then holds. The schedule follows from the seed; how processes interleave is the machine's.
 */
export async function runChaos(options: {
  seed: string
  kills: number
  killsPerRound?: number
  say: (line: string) => void
}): Promise<ChaosResult> {
  const { seed, say, killsPerRound = 10 } = options
  const random = randomSource(`chaos ${seed}`)
  const started = Date.now()
  const world = await startWorld()
  const all: Visit[] = []
  const wrong: string[] = []
  const kills = { gateway: 0, postgres: 0, orthanc: 0, ended: 0 }
  const total = () => kills.gateway + kills.postgres + kills.orthanc
  let smtpFaults = 0
  let numbers = 0
  let mails = 0
  let earlier = 0
  let twice = { lostAnswer: 0, killed: 0 }
  try {
    for (let round = 1; total() < options.kills; round++) {
      let over = false
      const people = Array.from({ length: PEOPLE }, async () => {
        while (!over) {
          numbers += 1
          const visit = await liveThrough(world, numbers, random, () => over)
          if (visit) all.push(visit)
        }
      })
      const before = all.length
      earlier = before
      // The round's last kill is the one that ends it, below.
      const some = Math.min(killsPerRound - 1, options.kills - 1 - total())
      for (let kill = 0; kill < some; kill++) {
        if (random() < 0.45) smtpFaults += 1
        await strike(world, random, kills, smtpFaults % 2 === 1)
      }
      over = true
      world.smtpFault(null, random)
      await Promise.all(people)
      const found = [...(await settle(world, kills)), ...(await checkRound(world, all.slice(before)))]
      wrong.push(...found.map((what) => `round ${round}: ${what}`))
      const sum = `${total()} kills, ${all.length} visits, ${world.mailbox.messages().length} mails`
      say(
        `${clockOf(started)} round ${round}: ${sum}${found.length > 0 ? `\n  ${found.join('\n  ')}` : ', whole'}`,
      )
    }
    // At the end everybody of the earlier rounds once more: nothing is lost later either.
    for (const visit of all.slice(0, earlier))
      wrong.push(...(await checkVisit(world, visit)).map((what) => `end: ${what}`))
    wrong.push(...hangs.map((what) => `no answer within half a minute: ${what}`))
  } finally {
    mails = world.mailbox.messages().length
    twice = duplicates(world)
    const left = await world.end()
    wrong.push(...left.map((what) => `still running at the end: ${what}`))
  }
  return {
    kills,
    smtpFaults,
    visits: all.length,
    acknowledged: all.reduce((sum, { acknowledged }) => sum + acknowledged, 0),
    mails,
    duplicates: twice,
    seconds: Math.round((Date.now() - started) / 1000),
    wrong,
  }
}

type Kills = ChaosResult['kills']

async function strike(world: World, random: () => number, kills: Kills, smtpFaulty: boolean): Promise<void> {
  setSmtp(world, random, smtpFaulty)
  const dice = random()
  const aim = AIMS[Math.floor(random() * AIMS.length)] ?? 'share'
  // An act of ours takes 5 to 150 ms: argon2 and the disk.
  await moment(world, aim, random() * 120)
  if (dice < 0.12) {
    await world.killOrthanc()
    kills.orthanc += 1
    await sleep(random() * 400)
    await world.startOrthanc()
  } else if (dice < 0.36) {
    await world.killPostgres()
    kills.postgres += 1
    await sleep(random() * 600)
    // The gateway starts its cluster anew; at times it is killed while it does.
    if (random() < 0.5) await recoverAlone(world, kills)
    else await restartGateway(world, random, kills)
  } else await restartGateway(world, random, kills)
  await sleep(random() * 300)
}

// The database's driver may throw where nobody can catch when a connection dies in the middle of a write: the gateway
// then ends, and whoever runs it starts it anew.
async function recoverAlone(world: World, kills: Kills): Promise<void> {
  await sleep(300)
  if (await world.recovers()) return
  kills.ended += 1
  world.strikes.push({ at: Date.now(), what: 'gateway' })
  await world.startGateway()
}

async function restartGateway(world: World, random: () => number, kills: Kills): Promise<void> {
  await world.killGateway()
  kills.gateway += 1
  // Some are killed again while they start: adopting the cluster, migrating, taking the lock.
  while (random() < 0.4) {
    world.beginGateway()
    await sleep(100 + random() * 1_400)
    await world.killGateway()
    kills.gateway += 1
  }
  await world.startGateway()
}

function setSmtp(world: World, random: () => number, faulty: boolean): void {
  const stages = ['connect', 'mail', 'rcpt', 'data', 'stored', 'stored'] as const
  const faults = ['hang', 'drop', 451, 421] as const
  const stage = stages[Math.floor(random() * stages.length)] ?? 'data'
  const fault = faults[Math.floor(random() * faults.length)] ?? 'drop'
  world.smtpFault(faulty ? { stage, fault } : null, random)
}

const clockOf = (started: number) => `${Math.round((Date.now() - started) / 1000)} s,`

/** Waits until such an act is on its way, and a moment more; not for ever. */
async function moment(world: World, aim: Act, afterMs: number): Promise<void> {
  const aimed = new Promise<void>((done) => world.onAct((act) => act === aim && done()))
  await Promise.race([aimed, sleep(1_200)])
  world.onAct(null)
  await sleep(afterMs)
}

/** One more kill; then time passes, everything is up, and every mail gets its chance. */
async function settle(world: World, kills: Kills): Promise<string[]> {
  await world.killGateway()
  kills.gateway += 1
  await letTimePass(world)
  await world.startGateway()
  const deadline = Date.now() + MAILS_WITHIN_MS
  while ((await mailsWaiting(world)) > 0) {
    if (Date.now() > deadline) return ['mails are still waiting a minute after everything was well again']
    await sleep(150)
  }
  return []
}

async function checkRound(world: World, visits: Visit[]): Promise<string[]> {
  // Images become stable, and are followed, some seconds after they came.
  const deadline = Date.now() + 20_000
  for (const visit of visits.filter(({ images }) => images === 'sent')) {
    while (Date.now() < deadline) {
      const text = (await risAsk(world, 'GET', `/visits/${visit.accessionNumber}`))?.text ?? ''
      if (text.includes('"state":"stable"')) break
      await sleep(200)
    }
  }
  while (Date.now() < deadline && (await mailsWaiting(world)) > 0) await sleep(150)
  const found: string[] = []
  for (const visit of visits) found.push(...(await checkVisit(world, visit)))
  return [...found, ...(await checkWhole(world))]
}
