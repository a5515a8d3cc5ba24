import { Hono } from 'hono'
import { type Actor, recordAlone } from '../audit/audit.ts'
import { oncePerPeriod } from '../audit/once.ts'
import type { Database } from '../database/database.ts'
import { AppError } from '../errors.ts'
import { hearOut, limitBody } from '../http/body-limit.ts'
import { check } from '../http/check.ts'
import { deliverReport } from '../reports/reports.ts'
import type { Inspection } from '../signature/signature.ts'
import { correctVisit } from '../visits/correct.ts'
import { visitState } from '../visits/state.ts'
import {
  changeVisit,
  findVisit,
  registerVisit,
  reissuePin1,
  renewPin2,
  unlockVisit,
  type VisitRules,
} from '../visits/visits.ts'
import { type RisEnv, requireApiKey } from './require-api-key.ts'
import { newVisit, reportFields, visitChange } from './visit-input.ts'

export type RisDependencies = {
  db: Database
  rules: VisitRules
  portalUrl: string
  inspect: (document: Uint8Array) => Promise<Inspection>
  slip: (
    person: { familyName: string; givenName: string },
    pin1: string,
    options?: { printAtOnce?: boolean },
  ) => Promise<Uint8Array>
  clock: () => Date
  maxReportBytes: number
  trustedProxies: readonly string[]
}

// JSON bodies here are a visit or a change: a report's text comes as a form.
const MAX_JSON_BYTES = 256 * 1024
// A report that is too large is sent to its end all the same, over the hospital's own network.
const HEAR_OUT_MS = 60_000
const DOCUMENT_TYPES = [
  'application/pkcs7-mime',
  'application/x-pkcs7-mime',
  'application/pdf',
  'application/octet-stream',
  '',
]

/** /api/v1: what the RIS does. Every route needs a bearer API key. */
export function risRoutes({
  db,
  rules,
  portalUrl,
  inspect,
  slip,
  clock,
  maxReportBytes,
  trustedProxies,
}: RisDependencies) {
  const call = (actor: Actor) => ({ db, rules, actor, now: clock() })
  const noteOnce = oncePerPeriod(READING_PERIOD_MS, clock)
  const noteRead = (actor: Actor, visitId: string) =>
    noteOnce(`${actor.kind === 'ris' ? actor.name : actor.kind} ${visitId}`, () =>
      recordAlone(db, clock(), { event: 'visit.read', actor, visitId }),
    )
  const links = (accessionNumber: string) => {
    const self = `${portalUrl}/api/v1/visits/${encodeURIComponent(accessionNumber)}`
    return { self, reports: `${self}/reports`, pin1: `${self}/pin1`, pin2: `${self}/pin2`, portal: portalUrl }
  }
  const limitJson = limitBody(MAX_JSON_BYTES, { hearOutMs: HEAR_OUT_MS, detail: atMost(MAX_JSON_BYTES) })
  // The form's own lines and fields come on top of the document.
  const limitForm = limitBody(maxReportBytes + MAX_JSON_BYTES, {
    hearOutMs: HEAR_OUT_MS,
    detail: atMost(maxReportBytes),
  })

  return new Hono<RisEnv>()
    .use(requireApiKey(db, trustedProxies))
    .post('/visits', limitJson, async (c) => {
      const input = check(newVisit, await readJson(c.req.raw))
      const { pin1 } = await registerVisit(call(c.var.actor), input)
      if (wantsPdf(c.req.header('accept')))
        return pdf(await slip(input.patient, pin1), 201, links(input.accessionNumber).self)
      c.header('location', links(input.accessionNumber).self)
      return c.json(
        { accessionNumber: input.accessionNumber, pin1, links: links(input.accessionNumber) },
        201,
      )
    })
    .get('/visits/:accessionNumber', async (c) => {
      const visit = await findVisit(db, c.req.param('accessionNumber'))
      await noteRead(c.var.actor, visit.id)
      return c.json({ ...(await visitState(db, visit, clock())), links: links(visit.accessionNumber) })
    })
    .patch('/visits/:accessionNumber', limitJson, async (c) => {
      const accessionNumber = c.req.param('accessionNumber')
      const { patient, ...change } = check(visitChange, await readJson(c.req.raw))
      const { id } = await findVisit(db, accessionNumber)
      if (patient) await correctVisit(call(c.var.actor), id, { patient })
      await changeVisit(call(c.var.actor), accessionNumber, change)
      const visit = await findVisit(db, accessionNumber)
      return c.json({ ...(await visitState(db, visit, clock())), links: links(visit.accessionNumber) })
    })
    .post('/visits/:accessionNumber/pin1', async (c) => {
      const { visit, pin1 } = await reissuePin1(call(c.var.actor), c.req.param('accessionNumber'))
      if (wantsPdf(c.req.header('accept'))) return pdf(await slip(visit, pin1), 200)
      return c.json({ accessionNumber: visit.accessionNumber, pin1, links: links(visit.accessionNumber) })
    })
    .post('/visits/:accessionNumber/unlock', async (c) => {
      await unlockVisit(call(c.var.actor), c.req.param('accessionNumber'))
      return c.body(null, 204)
    })
    .post('/visits/:accessionNumber/pin2', async (c) => {
      const { pin2 } = await renewPin2(call(c.var.actor), c.req.param('accessionNumber'))
      return pin2 === null ? c.json({ delivery: 'email' }, 202) : c.json({ delivery: 'desk', pin2 })
    })
    .post('/visits/:accessionNumber/reports', limitForm, async (c) => {
      const accessionNumber = c.req.param('accessionNumber')
      // An unknown visit is told before megabytes are kept in memory.
      await findVisit(db, accessionNumber).catch(async (error: unknown) => {
        await hearOut(c.req.raw.body, HEAR_OUT_MS)
        throw error
      })
      const { document, fields } = await readReportForm(c.req.raw, maxReportBytes)
      const {
        examId: _,
        reportId: __,
        ...delivered
      } = await deliverReport({ ...call(c.var.actor), inspect }, accessionNumber, {
        document,
        ...fields,
      })
      return c.json({ ...delivered, links: links(accessionNumber) }, delivered.created ? 201 : 200)
    })
}

// A RIS that polls is one line in the trail in ten minutes, not one a second.
const READING_PERIOD_MS = 10 * 60_000

async function readJson(request: Request): Promise<unknown> {
  const type = request.headers.get('content-type') ?? ''
  if (!/^application\/(?:[\w.+-]+\+)?json\b/i.test(type)) {
    throw new AppError('request.unsupported_media_type', 'Send the body as application/json.')
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(await request.arrayBuffer()))
  } catch (error) {
    throw new AppError('request.malformed', 'The body is not valid JSON in UTF-8.', {}, { cause: error })
  }
}

async function readReportForm(request: Request, maxReportBytes: number) {
  const type = request.headers.get('content-type') ?? ''
  if (!/^multipart\/form-data\b/i.test(type)) {
    throw new AppError(
      'request.unsupported_media_type',
      'Send multipart/form-data with the signed document in a file part named `document`.',
    )
  }
  const form = await request.formData().catch((error: unknown) => {
    throw new AppError('request.malformed', 'The multipart body cannot be read.', {}, { cause: error })
  })
  const files = [...form.values()].filter((value) => value instanceof File)
  const [file, ...others] = files
  if (!file || others.length > 0)
    throw new AppError('request.invalid', 'Send exactly one file part, named `document`.')
  if (file.size > maxReportBytes) throw new AppError('request.too_large', atMost(maxReportBytes))
  if (!DOCUMENT_TYPES.includes(file.type.split(';')[0]?.trim().toLowerCase() ?? '')) {
    throw new AppError(
      'request.unsupported_media_type',
      'The document must be application/pkcs7-mime (.p7m) or application/pdf.',
    )
  }
  const texts = Object.fromEntries(
    [...form.entries()].filter(([, value]) => typeof value === 'string' && value !== ''),
  )
  return { document: new Uint8Array(await file.arrayBuffer()), fields: check(reportFields, texts) }
}

/** Is the slip preferred, or named as good as JSON (RFC 9110 §12.5.1)? */
function wantsPdf(accept = ''): boolean {
  const ranges = accept.split(',').map((range) => {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
    const q = parameters.find((parameter) => parameter.startsWith('q='))
    return { type, quality: q === undefined ? 1 : Number(q.slice(2)) }
  })
  const qualityOf = (wanted: string) => ranges.find(({ type }) => type === wanted)?.quality
  const json = qualityOf('application/json') ?? qualityOf('application/*') ?? qualityOf('*/*') ?? 0
  const slip = qualityOf('application/pdf') ?? 0
  return slip > 0 && slip >= json
}

function pdf(bytes: Uint8Array, status: 200 | 201, location?: string): Response {
  const headers = new Headers({
    'content-type': 'application/pdf',
    'cache-control': 'no-store',
    'content-disposition': 'inline; filename="pin1.pdf"',
  })
  if (location) headers.set('location', location)
  return new Response(new Uint8Array(bytes), { status, headers })
}

const atMost = (bytes: number) =>
  bytes >= 1_000_000
    ? `At most ${Math.floor(bytes / 1_000_000)} MB are accepted.`
    : `At most ${Math.floor(bytes / 1024)} KiB are accepted.`
