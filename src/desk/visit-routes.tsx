import { Hono } from 'hono'
import { recordAlone } from '../audit/audit.ts'
import { oncePerPeriod } from '../audit/once.ts'
import { AppError } from '../errors.ts'
import { limitBody } from '../http/body-limit.ts'
import { html } from '../http/html.ts'
import type { Visit } from '../publications/publications.ts'
import { receiptPdf } from '../receipt/receipt.ts'
import { collectionsOf } from '../reports/collection.ts'
import { deliverReport } from '../reports/reports.ts'
import type { StaffEnv } from '../staff/guard.ts'
import { excludeExam, readVisit, withdrawExam } from '../visits/desk-acts.ts'
import { changeVisit, reissuePin1, renewPin2, unlockVisit } from '../visits/visits.ts'
import { listNotes } from './attention.ts'
import type { DeskDependencies } from './dependencies.ts'
import { callOf, type DeskContext, isUuid, readForm } from './form.ts'
import { visitLines } from './lines.ts'
import { type Confirmed, ConfirmPage } from './pages/confirm-page.tsx'
import { VisitPage } from './pages/visit-page.tsx'
import type { VisitPageProps } from './pages/words.ts'
import { pdfPage } from './pdf.ts'
import { emailFaults } from './registration.ts'
import { keepSecret, openSecret } from './secrets.ts'
import { visitFacts } from './visit-facts.ts'

const READING_PERIOD_MS = 10 * 60_000
// The form's own lines and fields come on top of the document.
const FORM_BYTES = 64 * 1024
const HEAR_OUT_MS = 60_000

/** One visit: its page, and every act with it. Each begins with the guard; what it is allowed to touch is looked up by its id. */
export function visitRoutes(dependencies: DeskDependencies) {
  const { db, rules, site, encryptionKeys, inspect, slip, maxReportBytes, clock } = dependencies
  const texts = site.messages.deskVisits
  const noteOnce = oncePerPeriod(READING_PERIOD_MS, clock)
  const limitDocument = limitBody(maxReportBytes + FORM_BYTES, { hearOutMs: HEAR_OUT_MS })

  return new Hono<StaffEnv>()
    .get('/desk/visite/:id', async (c) => show(c, await visitOf(c)))
    .post('/desk/visite/:id/email', async (c) => {
      const visit = await visitOf(c)
      const form = await readForm(c)
      const typed = { email: form.text('email', 300), emailAgain: form.text('email_di_nuovo', 300) }
      const [fault] = Object.values(emailFaults(typed))
      if (fault)
        return show(c, visit, { emailFault: { email: typed.email, words: texts.faults[fault] } }, 422)
      await changeVisit(callOf(c, dependencies), visit.accessionNumber, { email: typed.email || null })
      return done(c, visit, 'email')
    })
    .post('/desk/visite/:id/consenso', async (c) => {
      const visit = await visitOf(c)
      const form = await readForm(c)
      const consent = form.text('consenso') === 'si'
      if (!consent && form.text('conferma') !== 'si') return ask(c, visit, 'consenso', { consenso: 'no' })
      await changeVisit(callOf(c, dependencies), visit.accessionNumber, { consent })
      return done(c, visit, consent ? 'consenso' : 'revocato')
    })
    .post('/desk/visite/:id/pin1', async (c) => {
      const visit = await visitOf(c)
      if ((await readForm(c)).text('conferma') !== 'si') return ask(c, visit, 'pin1')
      const call = callOf(c, dependencies)
      const { pin1: pin } = await reissuePin1(call, visit.accessionNumber)
      const { tokenHash } = c.var.staff
      const id = await keepSecret(
        db,
        encryptionKeys,
        { kind: 'pin1', visitId: visit.id, pin, tokenHash },
        call.now,
      )
      return c.redirect(`/desk/visite/${visit.id}?fatto=pin1&foglio=${id}`, 303)
    })
    .post('/desk/visite/:id/pin2', (c) =>
      told(c, async (visit) => {
        const call = callOf(c, dependencies)
        const { pin2: pin } = await renewPin2(call, visit.accessionNumber)
        if (pin === null) return done(c, visit, 'pin2')
        const { tokenHash } = c.var.staff
        const id = await keepSecret(
          db,
          encryptionKeys,
          { kind: 'pin2', visitId: visit.id, pin, tokenHash },
          call.now,
        )
        return c.redirect(`/desk/visite/${visit.id}?pin2=${id}`, 303)
      }),
    )
    .post('/desk/visite/:id/sblocca', async (c) => {
      const visit = await visitOf(c)
      await unlockVisit(callOf(c, dependencies), visit.accessionNumber)
      return done(c, visit, 'sblocco')
    })
    .post('/desk/visite/:id/esami/:exam/ritira', async (c) => {
      const { visit, exam } = await examOf(c)
      if ((await readForm(c)).text('conferma') !== 'si') return ask(c, visit, 'ritira', {}, exam.description)
      await withdrawExam(callOf(c, dependencies), visit.id, exam.id)
      return done(c, visit, 'ritirato')
    })
    .post('/desk/visite/:id/esami/:exam/escludi', async (c) => {
      const { visit, exam } = await examOf(c)
      if ((await readForm(c)).text('conferma') !== 'si') return ask(c, visit, 'escludi', {}, exam.description)
      await excludeExam(callOf(c, dependencies), visit.id, exam.id, true)
      return done(c, visit, 'escluso')
    })
    .post('/desk/visite/:id/esami/:exam/includi', async (c) => {
      const { visit, exam } = await examOf(c)
      await excludeExam(callOf(c, dependencies), visit.id, exam.id, false)
      return done(c, visit, 'incluso')
    })
    .post('/desk/visite/:id/referto', limitDocument, (c) =>
      told(c, async (visit) => {
        const form = await c.req.formData().catch(() => null)
        const file = form?.get('documento')
        const { exams } = await visitFacts(db, visit, clock())
        const exam = exams.find(({ id }) => id === form?.get('esame'))
        if (!exam) throw new AppError('not_found')
        if (!(file instanceof File) || file.size === 0) throw new AppError('report.empty')
        if (file.size > maxReportBytes) throw new AppError('request.too_large')
        const { created } = await deliverReport(
          { ...callOf(c, dependencies), inspect },
          visit.accessionNumber,
          {
            document: new Uint8Array(await file.arrayBuffer()),
            examAccessionNumber: exam.accessionNumber,
            exam: exam.description,
          },
        )
        return done(c, visit, created ? 'caricato' : 'giacaricato')
      }),
    )
    .get('/desk/visite/:id/esami/:exam/ricevuta', async (c) => {
      const { visit, exam } = await examOf(c)
      const { latest } = exam
      if (!latest) throw new AppError('not_found')
      const now = clock()
      const pdf = await receiptPdf({
        organisation: site.organisation,
        patientName: `${visit.familyName} ${visit.givenName}`,
        accessionNumber: exam.accessionNumber,
        exam: exam.description,
        examDate: exam.date,
        publishedAt: latest.publishedAt,
        collections: await collectionsOf(db, exam.id),
        issuedAt: now,
        messages: site.messages,
      })
      const { actor } = callOf(c, dependencies)
      await recordAlone(db, now, { event: 'receipt.downloaded', actor, visitId: visit.id, examId: exam.id })
      return pdfPage(pdf, `ricevuta-${exam.date}.pdf`)
    })
    .get('/desk/fogli/:id', async (c) => {
      const secret = await secretOf(c, c.req.param('id'), 'pin1')
      if (!secret) throw new AppError('not_found')
      const visit = await readVisit(db, secret.visitId)
      const { actor, now } = callOf(c, dependencies)
      await noteOnce(c.req.param('id'), () =>
        recordAlone(db, now, { event: 'pin1.printed', actor, visitId: visit.id }),
      )
      return pdfPage(await slip(visit, secret.pin, { printAtOnce: true }), 'foglio-pin1.pdf')
    })

  async function visitOf(c: DeskContext): Promise<Visit> {
    const id = c.req.param('id') ?? ''
    if (!isUuid(id)) throw new AppError('visit.not_found')
    return readVisit(db, id)
  }

  /** The exam named by the address, if it is one of the visit named there. */
  async function examOf(c: DeskContext) {
    const visit = await visitOf(c)
    const { exams } = await visitFacts(db, visit, clock())
    const exam = exams.find(({ id }) => id === c.req.param('exam'))
    if (!exam) throw new AppError('not_found')
    return { visit, exam }
  }

  async function show(
    c: DeskContext,
    visit: Visit,
    told: Pick<VisitPageProps, 'fault' | 'emailFault'> = {},
    status = 200,
  ): Promise<Response> {
    const { actor, now } = callOf(c, dependencies)
    await noteOnce(`${c.var.staff.id} ${visit.id}`, () =>
      recordAlone(db, now, { event: 'visit.read', actor, visitId: visit.id }),
    )
    const slipId = c.req.query('foglio') ?? ''
    const printable = await secretOf(c, slipId, 'pin1')
    const shown = await secretOf(c, c.req.query('pin2') ?? '', 'pin2')
    const pin2 = shown?.visitId === visit.id ? shown.pin : undefined
    if (pin2)
      await noteOnce(c.req.query('pin2') ?? '', () =>
        recordAlone(db, now, { event: 'pin2.shown', actor, visitId: visit.id }),
      )
    const facts = await visitFacts(db, visit, now)
    const [line] = await visitLines(db, [visit], now)
    if (!line) throw new AppError('visit.not_found')
    return html(
      <VisitPage
        {...facts}
        {...told}
        frame={{ site, staff: c.var.staff }}
        line={line}
        notes={await listNotes(db, visit.id)}
        consentVersion={rules.consentTextVersion}
        pin2AtDesk={rules.pin2Delivery === 'desk'}
        done={told.fault ? undefined : c.req.query('fatto')}
        slip={printable?.visitId === visit.id ? slipId : undefined}
        pin2={pin2}
      />,
      status,
    )
  }

  async function secretOf(c: DeskContext, id: string, kind: 'pin1' | 'pin2') {
    if (!isUuid(id)) return null
    const secret = await openSecret(db, encryptionKeys, { id, tokenHash: c.var.staff.tokenHash }, clock())
    return secret?.kind === kind ? secret : null
  }

  function done(c: DeskContext, visit: Visit, what: string): Response {
    return c.redirect(`/desk/visite/${visit.id}?fatto=${what}`, 303)
  }

  /** Does it, and tells on the visit's page what was refused. */
  async function told(c: DeskContext, act: (visit: Visit) => Promise<Response>): Promise<Response> {
    const visit = await visitOf(c)
    try {
      return await act(visit)
    } catch (error) {
      const fault = error instanceof AppError ? texts.visit.faults[error.code] : undefined
      if (!(error instanceof AppError) || fault === undefined) throw error
      return show(c, visit, { fault }, error.status)
    }
  }

  function ask(
    c: DeskContext,
    visit: Visit,
    what: Confirmed,
    fields: Record<string, string> = {},
    exam?: string,
  ) {
    const about = [`${visit.familyName} ${visit.givenName}`, exam].filter(Boolean).join(' · ')
    return html(
      <ConfirmPage
        frame={{ site, staff: c.var.staff }}
        what={what}
        about={about}
        action={c.req.path}
        fields={fields}
        back={`/desk/visite/${visit.id}`}
      />,
    )
  }
}
