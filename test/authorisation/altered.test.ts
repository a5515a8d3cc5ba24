import { connect } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { untilPrepared } from '../support/prepared.ts'
import { identifiers } from './altered-identifiers.ts'
import { alteredRequests, type RawRequest } from './altered-requests.ts'
import { type ExamObject, type World, world } from './world.ts'

/** What the gateway may ask of Orthanc, whoever asks the gateway (S46). */
const UID = '[0-9.]{1,64}'
const ORTHANC_ID = '[0-9a-f]{8}(?:-[0-9a-f]{8}){4}'
const FIXED = [
  /^GET \/system$/,
  /^GET \/changes\?(?:last|since=\d+&limit=\d+)$/,
  new RegExp(`^GET /studies/${ORTHANC_ID}(?:/statistics|/instances)?$`),
  new RegExp(`^GET /(?:instances|series)/${ORTHANC_ID}/study$`),
  new RegExp(`^GET /instances/${ORTHANC_ID}/file$`),
]

const AT_ONCE = 6

let w: World
/** Who tries, from what is theirs, to be given what is not. */
let attempts: {
  who: 'doctor' | 'patient B'
  own: ExamObject
  foreign: ExamObject[]
  requests: RawRequest[]
}[]

beforeAll(async () => {
  w = await world()
  // What the gateway asks for itself must not be taken for what it asks for the doctor.
  await untilPrepared(w.gateway.db)
  const { A1, A2, B } = w.exams
  // Each disguise for one of the two, in turn: the other exam of the same patient, another patient's.
  const inTurn = (all: (foreign: ExamObject) => RawRequest[], foreign: ExamObject[]) =>
    foreign.flatMap((exam, turn) => all(exam).filter((_, index) => index % foreign.length === turn))
  attempts = [
    {
      ...{ who: 'doctor', own: A1, foreign: [A2, B] },
      requests: inTurn((exam) => [...alteredRequests(A1, exam), ...identifiers(A1, exam)], [A2, B]),
    },
    // A doctor has no shares, no removal and no receipt: a patient is tried at those of another.
    {
      ...{ who: 'patient B', own: B, foreign: [A1, A2] },
      requests: inTurn((exam) => identifiers(B, exam), [A1, A2]),
    },
  ]
}, 120_000)
afterAll(() => w[Symbol.asyncDispose]())

test('S45: at least 500 altered requests reveal no other study, and reach nothing of Orthanc but one’s own', async () => {
  const wrong: string[] = []
  const statuses = new Map<string, number>()
  let count = 0
  for (const { who, own, foreign, requests } of attempts) {
    count += requests.length
    const allowed = [...FIXED, dicomwebOf(own)]
    for (let at = 0; at < requests.length; at += AT_ONCE) {
      const batch = requests.slice(at, at + AT_ONCE)
      const from = w.asked.length
      const answers = await Promise.all(batch.map((request) => send(request, w.cookies[who] ?? '')))
      for (const line of w.asked.slice(from))
        if (!allowed.some((pattern) => pattern.test(line)))
          wrong.push(`one of ${batch.map(({ what }) => what)} asked Orthanc: ${line}`)
      for (const [index, { status, text }] of answers.entries()) {
        const what = `${who}, ${batch[index]?.what}`
        statuses.set(status, (statuses.get(status) ?? 0) + 1)
        for (const exam of foreign)
          if (reveals(text, exam)) wrong.push(`${what} revealed ${exam.mark}: ${text.slice(0, 300)}`)
        // What is no request at all passes no middleware: an empty 400, which holds nothing to protect.
        const empty = status === '400' && text.endsWith('\r\n\r\n')
        if (!empty && !/^x-content-type-options: nosniff\r$/im.test(text))
          wrong.push(`${what}: without the headers of S44`)
        if (/^5/.test(status) || status === 'silence') wrong.push(`${what}: ${status}`)
      }
    }
  }
  expect(count).toBeGreaterThanOrEqual(500)
  const told = [...statuses].sort().map(([status, count]) => `${status}: ${count}`)
  // biome-ignore lint/suspicious/noConsole: the count is what the test has to tell
  console.log(`S45, ${count} altered requests, answered ${told.join(', ')}`)
  expect(wrong).toEqual([])
}, 120_000)

test('S44, S45: no header makes a GET a write: report, share and session are as before', async () => {
  expect((await w.people.doctor.get(`/referti/${w.exams.A1.publicationId}`)).status).toBe(200)
  for (const exam of [w.exams.A1, w.exams.A2]) {
    expect((await w.people.a.get(`/referti/${exam.publicationId}`)).status).toBe(200)
    expect((await w.people.a.get(`/condivisioni/${exam.shareId}`)).status).toBe(200)
  }
})

/** What may be asked of Orthanc for who sees that study. */
const dicomwebOf = ({ study }: ExamObject) =>
  new RegExp(
    `^GET /dicom-web/studies(?:/${literal(study)}(?:/(?:series|instances|metadata|rendered|thumbnail|frames|bulk|${UID}|[0-9,]+|[0-9a-fA-F]{8}))*(?:\\?[^ ]*)?|\\?StudyInstanceUID=${literal(study)}(?:&includefield=[0-9A-Za-z,%]+)*)$`,
  )

const reveals = (answer: string, { mark, study, publicationId }: ExamObject) =>
  [mark, study, publicationId].some((secret) => answer.includes(secret))

/** Sends the bytes as they are: fetch would tidy the path. */
function send(
  { method, target, headers }: RawRequest,
  cookie: string,
): Promise<{ status: string; text: string }> {
  const { hostname, port, host } = new URL(w.gateway.url)
  const all = {
    host,
    cookie,
    accept: '*/*',
    'sec-fetch-site': 'same-origin',
    connection: 'close',
    ...headers,
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`)
  const bytes = Buffer.from([`${method} ${target} HTTP/1.1`, ...lines, '', ''].join('\r\n'), 'utf8')
  return new Promise((done) => {
    const socket = connect(Number(port), hostname === 'localhost' ? '127.0.0.1' : hostname, () =>
      socket.write(bytes),
    )
    const chunks: Buffer[] = []
    socket.setTimeout(10_000, () => socket.destroy())
    socket.on('data', (chunk) => chunks.push(chunk))
    socket.on('error', () => undefined)
    socket.on('close', () => {
      const text = Buffer.concat(chunks).toString('utf8')
      done({ status: /^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 'silence', text })
    })
  })
}

const literal = (text: string) => text.replaceAll('.', '\\.')
