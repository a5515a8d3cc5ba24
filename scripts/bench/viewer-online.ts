import { execFileSync } from 'node:child_process'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Browser, chromium } from 'playwright-core'
import { buildViewer } from '../../viewer/build.ts'
import upstream from '../../viewer/upstream.json' with { type: 'json' }
import { CHROMIUM, CHROMIUM_FLAGS } from '../chromium.ts'
import { SPEEDS } from './line.ts'
import { startPlainProxy } from './plain-proxy.ts'
import { studyOf, untilPrepared } from './prepared.ts'
import { median } from './processes.ts'
import { frameTargets, type Target } from './viewer-frames.ts'
import { lookTwice, type Side, type View } from './viewer-view.ts'
import { startBenchWorld } from './world.ts'

const PARTS = ['first', 'series', 'frames'] as const

type Looks = { cold: View; warm: View }
/** Looks of each line and side, in the order of the table. */
type Views = Map<string, Looks>

/** The table of the viewer: OHIF through our gateway, beside OHIF as shipped on Orthanc behind a plain proxy. */
export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      slices: { type: 'string', default: '500' },
      lines: { type: 'string', default: 'none,4g,adsl' },
      only: { type: 'string', default: PARTS.join() },
      rounds: { type: 'string', default: '3' },
    },
  })
  const say = (text: string) => console.error(text)
  const only = new Set(values.only.split(','))
  const lines = values.lines.split(',')
  const unknown = [
    ...lines.filter((name) => !SPEEDS[name]),
    ...[...only].filter((part) => !(PARTS as readonly string[]).includes(part)),
  ]
  if (unknown.length > 0) throw new Error(`unknown: ${unknown.join(', ')}`)
  await buildViewer({ log: say })
  const world = await startBenchWorld(Number(values.slices), say)
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_FLAGS })
  const proxy = await startPlainProxy(unpackShipped(world.directory), world.orthanc)
  try {
    const study = await studyOf(world)
    await untilPrepared(world, study, say)
    const sides: Side[] = [
      { name: 'plain', port: proxy.port, address: `/viewer?StudyInstanceUIDs=${study.uid}`, cookie: null },
      {
        name: 'ours',
        port: Number(new URL(world.url).port),
        address: `/viewer/viewer?StudyInstanceUIDs=${study.uid}&esame=${world.publicationId}`,
        cookie: world.cookie,
      },
    ]
    const slices = study.frames.length
    const first = only.has('first')
      ? await medianViews(Number(values.rounds), () => look(browser, sides, lines, 0, say))
      : new Map()
    const series = only.has('series') ? await look(browser, sides, lines, slices, say) : new Map()
    const targets = [
      ...viewTargets(first, 'first image', '4g', 0.5, ({ firstImageS }) => firstImageS),
      ...viewTargets(series, 'whole series', 'adsl', 0.45, ({ seriesS }) => seriesS),
      ...(only.has('frames') ? await frameTargets(world, study.frames, say) : []),
    ]
    console.log(
      `${slices} slices; ${cpus().length} cores; one run, Chromium and both sides on this machine\n`,
    )
    if (first.size > 0) console.log(firstTable(first))
    if (series.size > 0) console.log(seriesTable(series))
    for (const { wanted, measured, holds } of targets)
      console.log(`${holds ? 'holds   ' : 'DOES NOT'}  ${wanted}: ${measured}`)
    if (targets.some(({ holds }) => !holds)) process.exitCode = 1
  } finally {
    await browser.close()
    await proxy.close()
    await world.end()
  }
}

/** OHIF as its package has it. */
function unpackShipped(directory: string): string {
  const tarball = join(
    'var/cache',
    `${upstream.package.replace('@', '').replace('/', '-')}-${upstream.version}.tgz`,
  )
  execFileSync('tar', [
    '-xzf',
    tarball,
    '-C',
    directory,
    '--exclude=*.map',
    '--exclude=*/dist/ort/*',
    'package/dist',
  ])
  return join(directory, 'package/dist')
}

/** One look after the other, the sides in turn: what else happens on the machine meets both. */
async function look(
  browser: Browser,
  sides: readonly Side[],
  lines: readonly string[],
  slices: number,
  say: (text: string) => void,
): Promise<Views> {
  const views: Views = new Map()
  for (const line of lines) {
    const speed = SPEEDS[line]
    if (!speed) continue
    for (const side of sides) {
      const looks = await lookTwice(browser, side, speed, slices)
      views.set(`${line} ${side.name}`, looks)
      for (const [cache, { firstImageS, seriesS, megabytes, phases }] of Object.entries(looks))
        say(
          `  ${speed.name}, ${cache}, ${side.name}: first image ${firstImageS.toFixed(2)} s (${phases})${Number.isNaN(seriesS) ? '' : `; series ${seriesS.toFixed(1)} s`}; ${megabytes.toFixed(1)} MB`,
        )
    }
  }
  return views
}

/** Of several rounds, for each line, side and cache the look with the median time to the first image. */
async function medianViews(rounds: number, round: () => Promise<Views>): Promise<Views> {
  const all: Views[] = []
  for (let index = 0; index < rounds; index++) all.push(await round())
  const middle = (key: string, cache: keyof Looks): View => {
    const found = all.flatMap((views) => views.get(key)?.[cache] ?? [])
    const time = median(found.map(({ firstImageS }) => firstImageS))
    const [view] = found.filter(({ firstImageS }) => firstImageS === time)
    if (!view) throw new Error('at least one round')
    return view
  }
  return new Map(
    [...(all[0]?.keys() ?? [])].map((key) => [key, { cold: middle(key, 'cold'), warm: middle(key, 'warm') }]),
  )
}

function viewTargets(
  views: Views,
  what: string,
  line: string,
  most: number,
  of: (view: View) => number,
): Target[] {
  const [ours, plain] = [views.get(`${line} ours`), views.get(`${line} plain`)]
  if (!ours || !plain) return []
  const share = of(ours.cold) / of(plain.cold)
  return [
    {
      wanted: `${what}, ${SPEEDS[line]?.name}, cold: at most ${most} × the plain proxy’s`,
      measured: `${share.toFixed(2)} ×`,
      holds: share <= most,
    },
  ]
}

function firstTable(views: Views): string {
  return table(
    [
      'line | cache | side | first image, s | MB until then | requests | where the time goes, s',
      '--- | --- | --- | ---: | ---: | ---: | ---',
    ],
    views,
    ({ firstImageS, megabytes, requests, phases }) =>
      `${firstImageS.toFixed(2)} | ${megabytes.toFixed(1)} | ${requests} | ${phases}`,
  )
}

function seriesTable(views: Views): string {
  const rows = [...views].map(
    ([
      key,
      {
        cold: { seriesS, megabytes, requests },
      },
    ]) => {
      const [line = '', side] = key.split(' ')
      return `${SPEEDS[line]?.name} | ${side} | ${seriesS.toFixed(1)} | ${megabytes.toFixed(1)} | ${requests}`
    },
  )
  return rowsOf(['line | side | whole series, s | MB | requests', '--- | --- | ---: | ---: | ---:', ...rows])
}

function table(head: readonly string[], views: Views, row: (view: View) => string): string {
  const rows = [...views].flatMap(([key, looks]) => {
    const [line = '', side] = key.split(' ')
    return Object.entries(looks).map(
      ([cache, view]) => `${SPEEDS[line]?.name} | ${cache} | ${side} | ${row(view)}`,
    )
  })
  return rowsOf([...head, ...rows])
}

const rowsOf = (rows: readonly string[]): string => `${rows.map((cells) => `| ${cells} |`).join('\n')}\n`
