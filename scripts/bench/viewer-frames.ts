import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { median } from './processes.ts'
import type { BenchWorld } from './world.ts'

const VIEWERS = 50
// An ADSL line takes a compressed slice of 512 x 512 in so long: faster no such viewer asks.
const PACE_MS = 175
export const JLS = 'multipart/related; type="image/jls"; transfer-syntax=1.2.840.10008.1.2.4.80'
const RAW = 'multipart/related; type="application/octet-stream"; transfer-syntax=*'

export type Target = { wanted: string; measured: string; holds: boolean }

/** What the gateway adds to a frame, and what many viewers at once do to each. */
export async function frameTargets(
  world: BenchWorld,
  frames: string[],
  say: (text: string) => void,
): Promise<Target[]> {
  const ours = { base: `${world.url}/dicomweb`, headers: { cookie: world.cookie } }
  const theirs = {
    base: `${world.orthanc.url}/dicom-web`,
    headers: { authorization: `Basic ${btoa(`${world.orthanc.user}:${world.orthanc.password}`)}` },
  }
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const times = { ours: [] as number[], theirs: [] as number[], prepared: [] as number[] }
  for (const frame of frames.slice(0, 20)) await timed(ours, frame, RAW, agent)
  // In turn, so that what else happens on the machine meets all alike.
  for (const frame of frames) {
    times.theirs.push(await timed(theirs, frame, RAW, agent))
    times.ours.push(await timed(ours, frame, RAW, agent))
    times.prepared.push(await timed(ours, frame, JLS, agent))
  }
  const added = median(times.ours) - median(times.theirs)
  const addedLate = quantile(times.ours, 0.99) - quantile(times.theirs, 0.99)
  say(
    `  a frame, raw: ${median(times.ours).toFixed(1)} ms through the gateway, ${median(times.theirs).toFixed(1)} ms from Orthanc; prepared ${median(times.prepared).toFixed(1)} ms`,
  )

  const single = await viewersAt(1, ours, frames)
  const many = await viewersAt(VIEWERS, ours, frames)
  say(
    `  one viewer: p99 ${single.p99.toFixed(1)} ms; ${VIEWERS}: p99 ${many.p99.toFixed(1)} ms, ${many.failed} failed, ${many.asked} asked`,
  )
  return [
    {
      wanted: 'added latency of a frame under 3 ms at the median',
      measured: `${added.toFixed(1)} ms`,
      holds: added < 3,
    },
    { wanted: '… and under 10 ms at p99', measured: `${addedLate.toFixed(1)} ms`, holds: addedLate < 10 },
    {
      wanted: `${VIEWERS} viewers at once: no error`,
      measured: `${many.failed} of ${many.asked}`,
      holds: many.failed === 0,
    },
    {
      wanted: '… and p99 of their frames under 10 × the single viewer’s',
      measured: `${(many.p99 / single.p99).toFixed(1)} × (${many.p99.toFixed(0)} ms)`,
      holds: many.p99 < 10 * single.p99,
    },
  ]
}

type Source = { base: string; headers: Record<string, string> }

/** So many viewers, each asking for a frame at the pace of its line, for ten seconds. */
async function viewersAt(count: number, source: Source, frames: string[]) {
  const took: number[] = []
  let failed = 0
  const until = performance.now() + 10_000
  const viewer = async (index: number) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 6 })
    await sleep((index * PACE_MS) / count)
    for (let at = index * 7; performance.now() < until; at++) {
      const asked = performance.now()
      await timed(source, frames[at % frames.length] ?? '', JLS, agent).then(
        (ms) => took.push(ms),
        () => failed++,
      )
      await sleep(Math.max(0, PACE_MS - (performance.now() - asked)))
    }
    agent.destroy()
  }
  await Promise.all(Array.from({ length: count }, (_, index) => viewer(index)))
  return { p99: quantile(took, 0.99), failed, asked: took.length + failed }
}

function timed({ base, headers }: Source, path: string, accept: string, agent: Agent): Promise<number> {
  return new Promise((done, failed) => {
    const started = performance.now()
    const asked = request(base + path, { agent, headers: { ...headers, accept } }, (response) => {
      response.resume()
      response.on('error', failed)
      response.on('end', () =>
        response.statusCode === 200
          ? done(performance.now() - started)
          : failed(new Error(`${response.statusCode}`)),
      )
    })
    asked.on('error', failed)
    asked.end()
  })
}

const quantile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? Number.NaN
