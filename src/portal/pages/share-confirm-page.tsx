import { formatDay } from '../../ui/format.ts'
import { Layout } from '../../ui/layout.tsx'
import type { PageSession, Site } from '../../ui/site.ts'
import type { ShareableExam } from './share-form.tsx'
import { doctorName, type ShareDoctor } from './share-list.tsx'

export type ShareConfirmProps = {
  site: Site
  session: PageSession
  doctor: ShareDoctor
  exams: ShareableExam[]
  /** 'YYYY-MM-DD' (S31). */
  availableUntil: string
  /** The same form sent twice makes one share. */
  requestId: string
}

/** The data written out before anything is sent, so that a wrong address is seen (S28). */
export function ShareConfirmPage({
  site,
  session,
  doctor,
  exams,
  availableUntil,
  requestId,
}: ShareConfirmProps) {
  const texts = site.messages.sharing.confirm
  const hidden: [string, string][] = [
    ['cognome', doctor.familyName],
    ['nome', doctor.givenName],
    ['email', doctor.email],
    ['telefono', doctor.phone ?? ''],
    ...exams.map(({ publicationId }): [string, string] => ['esami', publicationId]),
    ['richiesta', requestId],
  ]
  return (
    <Layout site={site} title={texts.title} session={session}>
      <h1 class="portal-heading">{texts.heading}</h1>
      <p class="portal-lead">{texts.lead}</p>
      <form method="post" action="/condivisioni" class="portal-card portal-narrow">
        {hidden.map(([name, value]) => (
          <input type="hidden" name={name} value={value} />
        ))}
        <dl class="portal-check-facts">
          <div class="portal-check-email">
            <dt>{texts.email}</dt>
            <dd>{doctor.email}</dd>
          </div>
          <div>
            <dt>{texts.doctor}</dt>
            <dd>{doctorName(doctor)}</dd>
          </div>
          <div>
            <dt>{texts.phone}</dt>
            <dd>{doctor.phone ?? texts.noPhone}</dd>
          </div>
          <div>
            <dt>{texts.exams}</dt>
            {exams.map(({ description, examDate }) => (
              <dd>
                {description} – {formatDay(examDate)}
              </dd>
            ))}
          </div>
          <div>
            <dt>{texts.until}</dt>
            <dd>{formatDay(availableUntil)}</dd>
          </div>
        </dl>
        <div class="portal-form-actions">
          <button type="submit" class="btn btn-primary btn-lg">
            {texts.submit}
          </button>
          <button type="submit" class="btn btn-outline-primary btn-lg" formaction="/condivisioni/correggi">
            {texts.correct}
          </button>
        </div>
      </form>
    </Layout>
  )
}
