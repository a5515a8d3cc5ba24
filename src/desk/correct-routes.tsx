import { asc, eq } from 'drizzle-orm'
import { Hono } from 'hono'
import { recordAlone } from '../audit/audit.ts'
import { oncePerPeriod } from '../audit/once.ts'
import { exams } from '../database/schema.ts'
import { AppError } from '../errors.ts'
import { html } from '../http/html.ts'
import type { Visit } from '../publications/publications.ts'
import type { StaffEnv } from '../staff/guard.ts'
import { dayInRome } from '../time/rome.ts'
import { correctVisit } from '../visits/correct.ts'
import { readVisit } from '../visits/desk-acts.ts'
import { reissuePin1 } from '../visits/visits.ts'
import type { DeskDependencies } from './dependencies.ts'
import { callOf, type DeskContext, isUuid, readForm } from './form.ts'
import { CorrectPage } from './pages/correct-page.tsx'
import { readVisitForm, usualExams } from './register-routes.tsx'
import { checkRegistration, type Registration, shownDay, type TypedVisit } from './registration.ts'
import { keepSecret } from './secrets.ts'

const READING_PERIOD_MS = 10 * 60_000

type Told = Pick<Extract<Registration, { ok: false }>, 'faults' | 'warnings'>

/** Correcting what was mistyped at the registration: the person, the exams, an exam that was left out. */
export function correctRoutes(dependencies: DeskDependencies) {
  const { db, site, encryptionKeys, clock } = dependencies
  const noteOnce = oncePerPeriod(READING_PERIOD_MS, clock)

  return new Hono<StaffEnv>()
    .get('/desk/visite/:id/correggi', async (c) => {
      const visit = await visitOf(c)
      return page(c, visit, await typedOf(visit))
    })
    .post('/desk/visite/:id/correggi', async (c) => {
      const visit = await visitOf(c)
      const given = asRegistered(visit, await readVisitForm(c))
      const checked = await checkRegistration(db, given, clock(), { isNew: false })
      if (!checked.ok) return page(c, visit, checked.typed, checked, 422)
      const { patient, exams: wanted } = checked.input
      const call = callOf(c, dependencies)
      try {
        await correctVisit(call, visit.id, {
          patient: { ...NOT_TYPED, ...patient },
          exams: wanted.map(({ imagesExpected = true, excluded = false, ...exam }, at) => ({
            ...{ imagesExpected, excluded, description: exam.description, date: exam.date },
            accessionNumber: exam.accessionNumber ?? visit.accessionNumber,
            id: given.exams[at]?.id ?? null,
          })),
        })
      } catch (error) {
        if (!(error instanceof AppError && error.code === 'visit.exists')) throw error
        const faults = Object.fromEntries(
          given.exams.flatMap(({ accession }, at) =>
            accession ? [[`numero_${at + 1}`, 'taken'] as const] : [],
          ),
        )
        return page(c, visit, given, { faults, warnings: [] }, 409)
      }
      if ((await readForm(c)).text('foglio') !== 'si')
        return c.redirect(`/desk/visite/${visit.id}?fatto=corretta`, 303)
      const { pin1: pin } = await reissuePin1(call, visit.accessionNumber)
      const { tokenHash } = c.var.staff
      const secret = { kind: 'pin1', visitId: visit.id, pin, tokenHash } as const
      const slip = await keepSecret(db, encryptionKeys, secret, call.now)
      return c.redirect(`/desk/visite/${visit.id}?fatto=corretta&foglio=${slip}`, 303)
    })

  async function visitOf(c: DeskContext): Promise<Visit> {
    const id = c.req.param('id') ?? ''
    if (!isUuid(id)) throw new AppError('visit.not_found')
    return readVisit(db, id)
  }

  /** The form as the visit stands. */
  async function typedOf(visit: Visit): Promise<TypedVisit> {
    const all = await db.select().from(exams).where(eq(exams.visitId, visit.id)).orderBy(asc(exams.position))
    return asRegistered(visit, {
      taxCode: visit.taxCode ?? '',
      familyName: visit.familyName,
      givenName: visit.givenName,
      birthDate: shownDay(visit.birthDate),
      birthPlace: visit.birthPlace ?? '',
      sex: visit.sex ?? '',
      patientId: visit.patientId ?? '',
      ...ELSEWHERE,
      accession: '',
      exams: all.map((exam) => ({
        id: exam.id,
        description: exam.description,
        date: shownDay(exam.examDate),
        accession: exam.accessionNumber === visit.accessionNumber ? '' : exam.accessionNumber,
        images: exam.imagesExpected,
        excluded: exam.excluded,
      })),
      confirmed: false,
    })
  }

  async function page(
    c: DeskContext,
    visit: Visit,
    typed: TypedVisit,
    told: Told = { faults: {}, warnings: [] },
    status = 200,
  ): Promise<Response> {
    const { actor, now } = callOf(c, dependencies)
    await noteOnce(`${c.var.staff.id} ${visit.id}`, () =>
      recordAlone(db, now, { event: 'visit.read', actor, visitId: visit.id }),
    )
    return html(
      <CorrectPage
        frame={{ site, staff: c.var.staff }}
        visitId={visit.id}
        typed={typed}
        faults={told.faults}
        warnings={told.warnings}
        today={dayInRome(clock())}
        usualExams={await usualExams(db)}
        newSlip={(await readForm(c)).text('foglio') === 'si'}
      />,
      status,
    )
  }
}

// Address and consent have forms of their own.
const ELSEWHERE = { email: '', emailAgain: '', consent: 'no' } as const
// A field that was emptied is deleted.
const NOT_TYPED = { birthPlace: null, taxCode: null, patientId: null, sex: null }

const asRegistered = ({ accessionNumber }: Visit, typed: TypedVisit): TypedVisit => ({
  ...typed,
  ...ELSEWHERE,
  accession: accessionNumber,
})
