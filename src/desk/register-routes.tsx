import { desc, eq } from 'drizzle-orm'
import { Hono } from 'hono'
import type { Database } from '../database/database.ts'
import { exams, studies } from '../database/schema.ts'
import { AppError } from '../errors.ts'
import { html } from '../http/html.ts'
import type { StaffEnv } from '../staff/guard.ts'
import { dayInRome } from '../time/rome.ts'
import { registerVisit } from '../visits/visits.ts'
import type { DeskDependencies } from './dependencies.ts'
import { callOf, type DeskContext, readForm } from './form.ts'
import { RegisterPage } from './pages/register-page.tsx'
import { checkRegistration, emptyVisit, type Registration, type TypedVisit } from './registration.ts'
import { keepSecret } from './secrets.ts'

const MOST_EXAMS = 20
const USUAL_AMONG = 1_000
const USUAL = 60

/** Registering a visit: the form, what was wrong with it, and then the slip. */
export function registerRoutes(dependencies: DeskDependencies) {
  const { db, rules, site, encryptionKeys, clock } = dependencies

  return new Hono<StaffEnv>()
    .get('/desk/visite/nuova', async (c) => page(c, await prefilled(c.req.query('studio') ?? '')))
    .post('/desk/visite', async (c) => {
      const checked = await checkRegistration(db, await readVisitForm(c), clock())
      if (!checked.ok) return page(c, checked.typed, checked, 422)
      const call = callOf(c, dependencies)
      try {
        const { visitId, pin1 } = await registerVisit(call, checked.input)
        const { tokenHash } = c.var.staff
        const id = await keepSecret(
          db,
          encryptionKeys,
          { kind: 'pin1', visitId, pin: pin1, tokenHash },
          call.now,
        )
        return c.redirect(`/desk/visite/${visitId}?fatto=registrata&foglio=${id}`, 303)
      } catch (error) {
        if (!(error instanceof AppError && error.code === 'visit.exists')) throw error
        const typed = await readVisitForm(c)
        return page(c, typed, { faults: { accettazione: 'taken' }, warnings: [] }, 409)
      }
    })

  /** Of a study that no visit claims, what the archive knows. */
  async function prefilled(orthancId: string): Promise<TypedVisit> {
    const empty = emptyVisit(dayInRome(clock()))
    if (!/^[\w-]{1,80}$/.test(orthancId)) return empty
    const [study] = await db
      .select({ accession: studies.accessionNumber, description: studies.description })
      .from(studies)
      .where(eq(studies.orthancId, orthancId))
    if (!study) return empty
    const exams = empty.exams.map((exam) => ({ ...exam, description: study.description ?? '' }))
    return { ...empty, accession: study.accession, exams }
  }

  async function page(
    c: DeskContext,
    typed: TypedVisit,
    told: Pick<Extract<Registration, { ok: false }>, 'faults' | 'warnings'> = { faults: {}, warnings: [] },
    status = 200,
  ): Promise<Response> {
    return html(
      <RegisterPage
        frame={{ site, staff: c.var.staff }}
        typed={typed}
        faults={told.faults}
        warnings={told.warnings}
        consentVersion={rules.consentTextVersion}
        today={dayInRome(clock())}
        usualExams={await usualExams(db)}
      />,
      status,
    )
  }
}

/** The form of a visit as it was typed. */
export async function readVisitForm(c: DeskContext): Promise<TypedVisit> {
  const { text } = await readForm(c)
  const consent = text('consenso', 4)
  const numbers = Array.from({ length: MOST_EXAMS }, (_, index) => index + 1)
  const typed = numbers.map((number) => ({
    id: text(`id_${number}`, 36) || undefined,
    description: text(`esame_${number}`, 300),
    date: text(`data_${number}`, 12),
    accession: text(`numero_${number}`, 100),
    images: text(`immagini_${number}`) === 'si',
    excluded: text(`escluso_${number}`) === 'si',
  }))
  // The first exam is always there; a further one that nothing was typed into is none.
  const chosen = typed.filter(
    (exam, index) => index === 0 || exam.description !== '' || exam.accession !== '',
  )
  return {
    taxCode: text('codice_fiscale', 40),
    familyName: text('cognome', 200),
    givenName: text('nome', 200),
    birthDate: text('nascita', 12),
    birthPlace: text('luogo', 200),
    sex: text('sesso', 1),
    patientId: text('numero_paziente', 100),
    accession: text('accettazione', 100),
    email: text('email', 300),
    emailAgain: text('email_di_nuovo', 300),
    consent: consent === 'si' ? 'yes' : consent === 'no' ? 'no' : '',
    exams: chosen,
    confirmed: text('confermato') === 'si',
  }
}

/** What the last exams were called, the commonest first. */
export async function usualExams(db: Database): Promise<string[]> {
  const last = await db
    .select({ description: exams.description })
    .from(exams)
    .orderBy(desc(exams.examDate))
    .limit(USUAL_AMONG)
  const counts = Map.groupBy(last, ({ description }) => description)
  return [...counts]
    .sort(([, a], [, b]) => b.length - a.length)
    .slice(0, USUAL)
    .map(([description]) => description)
}
