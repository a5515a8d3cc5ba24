import { execFile } from 'node:child_process'
import { mkdir, rm, stat } from 'node:fs/promises'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { CONCURRENCY } from '../../src/disc/write.ts'
import { studyOf, untilPrepared } from './prepared.ts'
import { cpuSeconds, curl, forgetPeak, median, memory, run as runTool, type Transfer } from './processes.ts'
import { type BenchWorld, startBenchWorld } from './world.ts'

const ROUNDS = 3

type Row = {
  what: string
  mbPerS?: number
  firstByteMs?: number
  cpuPerGb?: number
  rssGrowthMib?: number
  note?: string
}
/** `wanted` as the issue words it; `holds` by the medians of this run. */
type Target = { wanted: string; measured: string; holds: boolean }

/** The table of the disc: our downloads beside what there is otherwise, on the same study in one run. */
export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { slices: { type: 'string', default: '1000' } } })
  const say = (text: string) => console.error(text)
  const world = await startBenchWorld(Number(values.slices), say)
  try {
    const { rows, targets } = await measure(world, say)
    const megabytes = ((await sizeOf(world.files)) / 1e6).toFixed(0)
    console.log(
      `${world.files.length} slices, ${megabytes} MB; ${cpus().length} cores; medians of ${ROUNDS}\n`,
    )
    console.log(tableOf(rows))
    console.log(targetsOf(targets))
  } finally {
    await world.end()
  }
}

async function measure(world: BenchWorld, say: (text: string) => void) {
  const iso = `/referti/${world.publicationId}/disco.iso`
  const zip = iso.replace('.iso', '.zip')
  const rows: Row[] = []
  const note = (row: Row) => {
    rows.push(row)
    say(`  ${row.what}: ${row.mbPerS === undefined ? '' : `${row.mbPerS.toFixed(0)} MB/s`} ${row.note ?? ''}`)
    return row
  }

  // Neither the coding's time nor its memory is the download's: it is measured for itself, and then waited for.
  say('while frames are coded for the viewer …')
  const early = 'ours, ISO by REST, while frames are coded for the viewer'
  note(await download(world, iso, await settledMemory(world), early))
  await untilPrepared(world, await studyOf(world), say)

  say('by REST …')
  await world.restart()
  const baseline = await settledMemory(world)
  const warm = await warmUp(world, iso, baseline)
  const [ceiling, own, ours, zipped] = await inTurn([
    () => bareFetch(world, 'undici', 'bare fetch of all instances by undici: the ceiling'),
    () => bareFetch(world, 'gateway', 'bare fetch by the gateway’s own client'),
    () => download(world, iso, baseline, 'ours, ISO by REST'),
    () => download(world, zip, baseline, 'ours, ZIP by REST'),
  ])
  for (const row of [ceiling, own, ours, zipped]) note(row)
  const [ten, fifty] = [
    note(await downloads(world, iso, baseline, 10)),
    note(await downloads(world, iso, baseline, 50)),
  ]
  const size = Number((await headOf(world, iso)).get('content-length'))
  const [half, last] = [
    note(await resumed(world, iso, Math.floor(size * 0.5), 'ours, resumed from 50 %')),
    note(await resumed(world, iso, Math.floor(size * 0.99), 'ours, resumed from 99 %')),
  ]

  say('from the storage folder …')
  await world.restart({ ORTHANC_STORAGE_DIR: join(world.directory, 'orthanc', 'storage') })
  const folderBaseline = await settledMemory(world)
  const folderWarm = await warmUp(world, iso, folderBaseline)
  // Beside the ceiling once more: what the machine does besides is not what it did before.
  const [ceilingAgain, folder] = await inTurn([
    () => bareFetch(world, 'undici', 'bare fetch by undici, again'),
    () => download(world, iso, folderBaseline, 'ours, ISO from Orthanc’s storage folder'),
  ])
  note(ceilingAgain)
  note(folder)

  say('the others …')
  const media = note(await archiveOfOrthanc(world, 'media'))
  note(await archiveOfOrthanc(world, 'archive'))
  const peer = note(await byXorriso(world))
  const prepared = note(await preparing(world))
  const growth = Math.max(
    warm,
    folderWarm,
    ...[ours, zipped, ten, folder].map((row) => row.rssGrowthMib ?? 0),
  )
  const targets = targetsFor(growth, {
    ceiling,
    ceilingAgain,
    ours,
    zipped,
    ten,
    fifty,
    half,
    last,
    folder,
    media,
    peer,
    prepared,
  })
  return { rows, targets }
}

/** A process that has just started runs slower than one that serves all day; what its memory grows by counts all the same. */
async function warmUp(world: BenchWorld, path: string, baseline: number): Promise<number> {
  let growth = 0
  for (let round = 0; round < ROUNDS; round++) {
    growth = Math.max(growth, (await download(world, path, baseline, 'warming up')).rssGrowthMib ?? 0)
  }
  return growth
}

/** Each several times, one after the other, so that what else the machine does strikes all alike. */
async function inTurn<const Runs extends readonly (() => Promise<Row>)[]>(
  runs: Runs,
): Promise<{ [Index in keyof Runs]: Row }> {
  const found: Row[][] = runs.map(() => [])
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, once] of runs.entries()) found[index]?.push(await once())
  }
  return found.map(medianRow) as { [Index in keyof Runs]: Row }
}

function medianRow(rows: readonly Row[]): Row {
  const [first] = rows
  if (!first) throw new Error('nothing was measured')
  const middle = (of: (row: Row) => number | undefined) => {
    const values = rows.flatMap((row) => of(row) ?? [])
    return values.length > 0 ? median(values) : undefined
  }
  const most = Math.max(...rows.map(({ rssGrowthMib = 0 }) => rssGrowthMib))
  const speeds = rows.flatMap(({ mbPerS }) => mbPerS ?? [])
  return {
    what: first.what,
    ...defined({
      mbPerS: middle(({ mbPerS }) => mbPerS),
      firstByteMs: middle(({ firstByteMs }) => firstByteMs),
      cpuPerGb: middle(({ cpuPerGb }) => cpuPerGb),
      rssGrowthMib: first.rssGrowthMib === undefined ? undefined : most,
    }),
    note: `${Math.min(...speeds).toFixed(0)}–${Math.max(...speeds).toFixed(0)} MB/s`,
  }
}

async function download(world: BenchWorld, path: string, baseline: number, what: string): Promise<Row> {
  const { transfers, ...used } = await watched(world, baseline, () => [
    curl(world.url + path, '-H', `cookie: ${world.cookie}`),
  ])
  return { what, ...speedOf(transfers), firstByteMs: transfers[0]?.firstByteMs ?? 0, ...used }
}

async function downloads(world: BenchWorld, path: string, baseline: number, count: number): Promise<Row> {
  const { transfers, ...used } = await watched(world, baseline, () =>
    Array.from({ length: count }, () => curl(world.url + path, '-H', `cookie: ${world.cookie}`)),
  )
  const firsts = transfers.map(({ firstByteMs }) => firstByteMs)
  return {
    what: `ours, ${count} downloads at once, in all`,
    ...speedOf(transfers),
    firstByteMs: median(firsts),
    ...used,
    note: `slowest first byte ${Math.max(...firsts).toFixed(0)} ms`,
  }
}

async function resumed(world: BenchWorld, path: string, from: number, what: string): Promise<Row> {
  const firsts: number[] = []
  let row: Row = { what }
  for (let round = 0; round < ROUNDS; round++) {
    const cookie = ['-H', `cookie: ${world.cookie}`]
    const transfer = await curl(world.url + path, ...cookie, '-H', `range: bytes=${from}-`)
    firsts.push(transfer.firstByteMs)
    row = { what, ...speedOf([transfer]) }
  }
  return { ...row, firstByteMs: median(firsts) }
}

/** What the gateway's process uses while something is downloaded. */
async function watched(world: BenchWorld, baseline: number, start: () => Promise<Transfer>[]) {
  const pid = world.gatewayPid()
  await forgetPeak(pid)
  const cpu = await cpuSeconds(pid)
  const transfers = await Promise.all(start())
  const bytes = transfers.reduce((sum, transfer) => sum + transfer.bytes, 0)
  return {
    transfers,
    cpuPerGb: ((await cpuSeconds(pid)) - cpu) / (bytes / 1e9),
    rssGrowthMib: (await memory(pid)).peak - baseline,
  }
}

/** Bytes of all by the time until the last had ended. */
function speedOf(transfers: readonly Transfer[]) {
  const bytes = transfers.reduce((sum, transfer) => sum + transfer.bytes, 0)
  return { mbPerS: bytes / 1e6 / Math.max(...transfers.map(({ seconds }) => seconds)) }
}

type Fetched = { bytes: number; reads: number; seconds: number; cpuSeconds: number }

async function bareFetch(world: BenchWorld, how: 'undici' | 'gateway', what: string): Promise<Row> {
  const { bytes, seconds, cpuSeconds: cpu } = await fetching(world, how)
  return { what, mbPerS: bytes / 1e6 / seconds, cpuPerGb: cpu / (bytes / 1e9) }
}

async function preparing(world: BenchWorld): Promise<Row> {
  const { bytes, reads, seconds, cpuSeconds: cpu } = await fetching(world, 'prepare')
  const once = reads === world.files.length ? 'each instance read once' : `${reads} reads`
  return {
    what: 'preparing the manifest',
    mbPerS: bytes / 1e6 / seconds,
    cpuPerGb: cpu / (bytes / 1e9),
    note: `${seconds.toFixed(1)} s, ${once}`,
  }
}

async function fetching({ orthanc, studyId }: BenchWorld, how: string): Promise<Fetched> {
  const script = join(import.meta.dirname, 'fetching.ts')
  const { stdout } = await promisify(execFile)(process.execPath, [script, how, studyId], {
    env: {
      ...process.env,
      ORTHANC_URL: orthanc.url,
      ORTHANC_USER: orthanc.user,
      ORTHANC_PASSWORD: orthanc.password,
    },
  })
  return JSON.parse(stdout)
}

/** By bytes of the study rather than of the archive, which is compressed: what the person waits for. */
async function archiveOfOrthanc(world: BenchWorld, kind: 'media' | 'archive'): Promise<Row> {
  const { orthanc, studyId, files, directory } = world
  const file = join(directory, `${kind}.zip`)
  const user = `${orthanc.user}:${orthanc.password}`
  const transfer = await curl(`${orthanc.url}/studies/${studyId}/${kind}`, '-u', user, '-o', file)
  return {
    what: `Orthanc /studies/{id}/${kind}`,
    mbPerS: (await sizeOf(files)) / 1e6 / transfer.seconds,
    firstByteMs: transfer.firstByteMs,
    note: `${transfer.seconds.toFixed(1)} s, ${(transfer.bytes / 1e6).toFixed(0)} MB sent`,
  }
}

/** What a hospital's script would do: unpack Orthanc's archive, index it, write an image of it. */
async function byXorriso({ directory }: BenchWorld): Promise<Row> {
  const folder = join(directory, 'extracted')
  await mkdir(folder)
  const extract = await timed(() => runTool('unzip', ['-qq', join(directory, 'media.zip'), '-d', folder]))
  await rm(join(folder, 'DICOMDIR'), { force: true })
  const index = await timed(() => runTool('dcmmkdir', ['-Nxc', '+I', '+r', '--no-backup', 'IMAGES'], folder))
  const speeds: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    let bytes = 0
    const seconds = await timed(async () => {
      const script = 'xorriso -as mkisofs -quiet -J -r "$0" 2> /dev/null | wc -c'
      bytes = Number(await runTool('bash', ['-c', script, folder]))
    })
    speeds.push(bytes / 1e6 / seconds)
  }
  return {
    what: 'xorriso -as mkisofs over extracted files',
    mbPerS: median(speeds),
    note: `before it: extracting ${extract.toFixed(1)} s, dcmmkdir ${index.toFixed(1)} s`,
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now()
  await work()
  return (performance.now() - begin) / 1000
}

/** Memory of the gateway once it has answered a page and rests. */
async function settledMemory(world: BenchWorld): Promise<number> {
  const page = `${world.url}/referti/${world.publicationId}/disco`
  for (let round = 0; round < 120; round++) {
    const text = await (await fetch(page, { headers: { cookie: world.cookie } })).text()
    if (text.includes('disco.iso')) return (await memory(world.gatewayPid())).now
    await new Promise((done) => setTimeout(done, 250))
  }
  throw new Error('the disc was not prepared in half a minute')
}

const headOf = async ({ url, cookie }: BenchWorld, path: string): Promise<Headers> =>
  (await fetch(url + path, { method: 'HEAD', headers: { cookie } })).headers

async function sizeOf(files: readonly string[]): Promise<number> {
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size))
  return sizes.reduce((sum, size) => sum + size, 0)
}

function targetsFor(growth: number, rows: Record<string, Row>): Target[] {
  const { ceiling, ceilingAgain, ours, zipped, fifty, half, last, folder, media, peer, prepared } = rows
  const speed = (row: Row | undefined) => row?.mbPerS ?? Number.NaN
  const target = (wanted: string, value: number, holds: boolean, unit: string): Target => ({
    ...{ wanted, holds, measured: `${value.toFixed(value < 10 ? 2 : 0)}${unit}` },
  })
  const firstByte = Math.max(...[ours, zipped, folder].map((row) => row?.firstByteMs ?? 0))
  const seconds = Number.parseFloat(prepared?.note ?? '')
  const atLeast = (wanted: string, least: number, ratio: number) =>
    target(wanted, ratio, ratio >= least, ' ×')
  return [
    atLeast('at least 10 × Orthanc’s media', 10, speed(ours) / speed(media)),
    atLeast(`at least 0.85 of the ceiling, ${CONCURRENCY} at once`, 0.85, speed(ours) / speed(ceiling)),
    atLeast('from the storage folder faster than the ceiling', 1, speed(folder) / speed(ceilingAgain)),
    atLeast('at least xorriso’s MB/s', 1, speed(ours) / speed(peer)),
    target('first byte under 50 ms with a manifest', firstByte, firstByte < 50, ' ms'),
    target('resumed from 50 %: first byte', half?.firstByteMs ?? 0, true, ' ms'),
    target(
      'resumed from 99 %: first byte under 150 ms',
      last?.firstByteMs ?? 0,
      (last?.firstByteMs ?? 999) < 150,
      ' ms',
    ),
    target('peak RSS growth under 64 MB', growth, growth < 64, ' MiB'),
    target(
      'under 200 MB with 50 downloads',
      fifty?.rssGrowthMib ?? 0,
      (fifty?.rssGrowthMib ?? 999) < 200,
      ' MiB',
    ),
    target(
      'preparing under 5 s, each instance read once',
      seconds,
      seconds < 5 && /read once/.test(prepared?.note ?? ''),
      ' s',
    ),
  ]
}

function tableOf(rows: readonly Row[]): string {
  const number = (value: number | undefined, digits = 0) => (value === undefined ? '' : value.toFixed(digits))
  const lines = rows.map(({ what, mbPerS, firstByteMs, cpuPerGb, rssGrowthMib, note = '' }) => {
    const cells = [number(mbPerS), number(firstByteMs), number(cpuPerGb, 2), number(rssGrowthMib)]
    return `| ${[what, ...cells, note].join(' | ')} |`
  })
  const head =
    '| | MB/s | first byte, ms | CPU s per GB | peak RSS growth, MiB | |\n|---|---|---|---|---|---|'
  return `${head}\n${lines.join('\n')}\n`
}

function targetsOf(targets: readonly Target[]): string {
  const lines = targets.map(
    ({ wanted, measured, holds }) => `| ${wanted} | ${measured} | ${holds ? 'yes' : 'NO'} |`,
  )
  return `| target | measured | holds |\n|---|---|---|\n${lines.join('\n')}\n`
}

const defined = <Fields extends object>(fields: Fields) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Key in keyof Fields]?: Exclude<Fields[Key], undefined>
  }
