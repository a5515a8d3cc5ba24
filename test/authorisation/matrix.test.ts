import { randomUUID } from 'node:crypto'
import { inflateSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { RESOURCES } from '../../src/dicomweb/resource.ts'
import { AUDIENCES } from '../../src/http/audience.ts'
import { fromSymbols } from '../../src/shards/symbols.ts'
import { REPORT, ROWS, type Row, SHARE, STUDY } from './matrix-rows.ts'
import { type Actor, type ExamObject, type World, world } from './world.ts'

const ACTORS: Actor[] = ['nobody', 'patient B', 'doctor', 'revoked', 'expired', 'patient A']
const OBJECTS = ['A1', 'A2', 'B'] as const
type Name = (typeof OBJECTS)[number]

/** What each person may see; who is not here has no session (S12, S24, S32, S34). */
const SEES: Partial<Record<Actor, readonly Name[]>> = {
  'patient B': ['B'],
  doctor: ['A1'],
  'patient A': ['A1', 'A2'],
}

let w: World

beforeAll(async () => {
  w = await world()
}, 120_000)
afterAll(() => w[Symbol.asyncDispose]())

test('S45: every route that a session opens stands in the matrix, and every pattern of DICOMweb', () => {
  const wanted = Object.entries(AUDIENCES).flatMap(([route, audience]) =>
    audience === 'viewer' || audience === 'patient' ? [route] : [],
  )
  expect([...new Set(ROWS.map(({ route }) => route))].sort()).toEqual(wanted.sort())
  const paths = ROWS.map(({ path }) => path(w.exams.A1))
  const resources = paths.flatMap((path) => (path.startsWith('/dicomweb') ? [path.slice(9)] : []))
  for (const [pattern] of RESOURCES)
    expect(
      resources.some((path) => pattern.test(path)),
      String(pattern),
    ).toBe(true)
})

test('S45: each person reaches what is theirs, and of everything else not even that it exists', async () => {
  const table: string[][] = [['', ...ACTORS]]
  const wrong: string[] = []
  for (const row of ROWS) {
    const line = [[row.route, row.note ?? ''].join(' ')]
    for (const actor of ACTORS) {
      const cells: string[] = []
      for (const name of OBJECTS) {
        const expected = expectedOf(row, actor, name)
        if (expected === null) {
          cells.push('·')
          continue
        }
        const { outcome, body, headers } = await call(row, actor, w.exams[name])
        cells.push(outcome)
        const where = `${line[0]} of ${name} by ${actor}`
        if (!expected.includes(outcome))
          wrong.push(`${where}: ${outcome} instead of ${expected.join(' or ')}`)
        if (!isProtected(headers))
          wrong.push(`${where}: ${headers.get('cache-control')}, without the headers of S44`)
        if (
          row.shows &&
          outcome === '200' &&
          SEES[actor]?.includes(name) &&
          !body.includes(w.exams[name].mark)
        )
          wrong.push(`${where}: the answer does not show it`)
        if (outcome === '404' && body !== (await unknownBody(row, actor)))
          wrong.push(`${where}: another 404 than for what never was`)
        for (const other of OBJECTS) {
          if (!SEES[actor]?.includes(other) && reveals(body, w.exams[other]))
            wrong.push(`${where}: the answer holds ${other}`)
        }
      }
      line.push(cells.join(' '))
    }
    table.push(line)
  }
  // biome-ignore lint/suspicious/noConsole: the table is what the test has to tell
  console.log(
    `S45, answers for A1, A2 and B of each person ("in": led to the login; · not tried)\n${drawn(table)}`,
  )
  expect(wrong).toEqual([])
}, 120_000)

test('S45: QIDO-RS finds the session’s studies, never another, whatever is asked for', async () => {
  const { A1, A2, B } = w.exams
  const all = [A1.study, A2.study, B.study]
  for (const actor of ACTORS) {
    const seen = (SEES[actor] ?? []).map((name) => w.exams[name].study).sort()
    for (const query of [
      '',
      '?PatientID=PID1',
      '?PatientID=PID2',
      '?00100020=*',
      '?PatientName=*',
      '?limit=1000',
      '?includefield=all',
      `?StudyInstanceUID=${all.join(',')}`,
      `?StudyInstanceUID=${all.join('%5C')}`,
      ...all.map((uid) => `?StudyInstanceUID=${uid}`),
      ...all.map((uid) => `?0020000D=${uid}`),
    ]) {
      const response = await fetch(`${w.gateway.url}/dicomweb/studies${query}`, {
        headers: headersOf(actor),
      })
      if (SEES[actor] === undefined) {
        expect(response.status).toBe(401)
        continue
      }
      if (query.startsWith('?PatientID=')) {
        for (const uid of await studiesIn(response)) expect(seen, `${actor} ${query}`).toContain(uid)
        continue
      }
      const one = all.filter((uid) => query.endsWith(`=${uid}`))
      expect([actor, query, await studiesIn(response)]).toEqual([
        actor,
        query,
        one.length > 0 ? seen.filter((uid) => one.includes(uid)) : seen,
      ])
    }
  }
})

test('S45: another’s series and instances stay closed when asked for within one’s own study', async () => {
  const own = w.exams.A1
  for (const foreign of [w.exams.A2, w.exams.B]) {
    const mixed = [
      `${STUDY(own)}/series/${foreign.series}`,
      `${STUDY(own)}/series/${foreign.series}/metadata`,
      `${STUDY(own)}/series/${foreign.series}/instances`,
      `${STUDY(own)}/series/${foreign.series}/rendered`,
      ...[own.series, foreign.series].flatMap((series) =>
        ['', '/metadata', '/frames/1', '/rendered', '/frames/1/rendered', '/thumbnail', '/bulk/7FE00010'].map(
          (rest) => `${STUDY(own)}/series/${series}/instances/${foreign.instance}${rest}`,
        ),
      ),
      `${STUDY(own)}/instances?SeriesInstanceUID=${foreign.series}`,
      `${STUDY(own)}/instances?SOPInstanceUID=${foreign.instance}`,
      `${STUDY(own)}/series?0020000E=${foreign.series}`,
    ]
    for (const path of mixed) {
      const response = await fetch(w.gateway.url + path, { headers: headersOf('doctor') })
      const body = Buffer.from(await response.arrayBuffer()).toString('latin1')
      if (response.status === 200) expect([path, JSON.parse(body)]).toEqual([path, []])
      else expect([path, response.status]).toEqual([path, 404])
      expect(body).not.toContain(foreign.mark)
    }
  }
})

test('S45: what was refused changed nothing: reports, shares and PINs are as before', async () => {
  const { a, b, doctor } = w.people
  for (const [person, names] of [
    [a, ['A1', 'A2']],
    [b, ['B']],
  ] as const) {
    for (const name of names) {
      expect((await person.get(REPORT(w.exams[name]))).status).toBe(200)
      expect((await person.get(SHARE(w.exams[name]))).status).toBe(200)
    }
  }
  // A new PIN would have ended the doctor's session.
  expect((await doctor.get(REPORT(w.exams.A1))).status).toBe(200)
})

function expectedOf(row: Row, actor: Actor, name: Name): string[] | null {
  const isCalled = row.route === 'GET /dicomweb/*' || row.route === 'POST /sessione/attiva'
  if (SEES[actor] === undefined) return [isCalled ? '401' : 'in']
  if (AUDIENCES[row.route] === 'patient' && actor === 'doctor') return ['404']
  if (!row.ofSession && !SEES[actor].includes(name)) return ['404']
  return row.own === undefined ? null : [String(row.own)]
}

async function call(
  row: Row,
  actor: Actor,
  exam: ExamObject,
): Promise<{ outcome: string; body: string; headers: Headers }> {
  const method = row.route.split(' ')[0] ?? ''
  const response = await fetch(w.gateway.url + row.path(exam), {
    method,
    redirect: 'manual',
    headers: headersOf(actor),
    ...(method === 'POST' ? { body: new URLSearchParams(row.form?.(exam)) } : {}),
  })
  const body = said(Buffer.from(await response.arrayBuffer()))
  const toLogin = response.status === 303 && /\?fine=sessione$/.test(response.headers.get('location') ?? '')
  return { outcome: toLogin ? 'in' : String(response.status), body, headers: response.headers }
}

/** S44, of images and discs too: nothing is stored on the way, nothing is taken for another thing than it is. */
const isProtected = (headers: Headers) =>
  /(?:^|, )no-store(?:,|$)/.test(headers.get('cache-control') ?? '') &&
  headers.get('x-content-type-options') === 'nosniff' &&
  headers.get('content-security-policy')?.includes("default-src 'none'")

const reveals = (body: string, { mark, study, publicationId, shareId }: ExamObject) =>
  [mark, study, publicationId, shareId].some((secret) => body.includes(secret))

/** What an answer says: plain data of the quick view is unpacked. */
function said(bytes: Buffer): string {
  const text = bytes.toString('latin1')
  const data = /^ritiro\(\d+,"(?:EXAM|INDEX)",function\(\)\{\/\*([\s\S]*?)\*\/\}\);\n$/.exec(text)?.[1]
  if (data === undefined) return text
  const strings = data.split('\n').filter(Boolean)
  const parts = strings.map((string) => {
    const unpacked = new Uint8Array(string.length)
    return unpacked.subarray(0, fromSymbols(Buffer.from(string, 'latin1'), unpacked, 0))
  })
  return inflateSync(Buffer.concat(parts)).toString('utf8')
}

/** The 404 of an exam that nobody ever had. */
async function unknownBody(row: Row, actor: Actor): Promise<string> {
  const never = {
    mark: '',
    publicationId: randomUUID(),
    shareId: randomUUID(),
    study: '1.2.3',
    series: '1.2.3.4',
  }
  return (await call(row, actor, { ...never, instance: '1.2.3.4.5' })).body
}

function headersOf(actor: Actor): Record<string, string> {
  const cookie = w.cookies[actor]
  return { 'sec-fetch-site': 'same-origin', ...(cookie ? { cookie } : {}) }
}

async function studiesIn(response: Response): Promise<string[]> {
  expect(response.status).toBe(200)
  const found = (await response.json()) as Record<string, { Value?: string[] }>[]
  return found.map((study) => study['0020000D']?.Value?.[0] ?? '').sort()
}

function drawn(table: string[][]): string {
  const widths = (table[0] ?? []).map((_, column) =>
    Math.max(...table.map((line) => line[column]?.length ?? 0)),
  )
  return table
    .map((line) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
    .join('\n')
}
