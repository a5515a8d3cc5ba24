import { Field } from '../../ui/form.tsx'
import { formatDay } from '../../ui/format.ts'
import { Notice } from '../../ui/notice.tsx'
import type { Site } from '../../ui/site.ts'

export type ShareableExam = { publicationId: string; description: string; examDate: string }
/** The form as it was typed; `esami` are publication ids. */
export type ShareValues = { cognome: string; nome: string; email: string; telefono: string; esami: string[] }
export type ShareErrors = Partial<Record<keyof ShareValues, string>>

type ShareFormProps = {
  site: Site
  exams: ShareableExam[]
  values?: ShareValues | undefined
  errors?: ShareErrors | undefined
}

/** Whom to send to, and what (S28). What was wrong is told above, with links to the fields, and at each field. */
export function ShareForm({ site, exams, values, errors = {} }: ShareFormProps) {
  const texts = site.messages.sharing.list
  return (
    <section class="portal-card" aria-labelledby="share-form-title">
      <h2 id="share-form-title">{texts.whomTitle}</h2>
      <ErrorSummary site={site} errors={errors} exams={exams} />
      <form method="post" action="/condivisioni/conferma">
        <div class="portal-pair">
          <Field
            site={site}
            name="cognome"
            label={texts.familyName}
            value={values?.cognome}
            error={errors.cognome}
            maxLength={80}
          />
          <Field
            site={site}
            name="nome"
            label={texts.givenName}
            value={values?.nome}
            error={errors.nome}
            maxLength={80}
          />
        </div>
        <Field
          site={site}
          name="email"
          label={texts.email}
          hint={texts.emailHint}
          type="email"
          inputMode="email"
          value={values?.email}
          error={errors.email}
          maxLength={254}
        />
        <Field
          site={site}
          name="telefono"
          label={texts.phone}
          hint={texts.phoneHint}
          type="tel"
          inputMode="tel"
          value={values?.telefono}
          error={errors.telefono}
          maxLength={30}
          required={false}
        />
        <ExamChoice site={site} exams={exams} chosen={values?.esami} error={errors.esami} />
        <p class="portal-share-duration">
          <strong>{texts.duration}.</strong> {texts.durationMore}
        </p>
        <div class="portal-form-actions">
          <button type="submit" class="btn btn-primary btn-lg portal-submit">
            {texts.submit}
          </button>
          <span class="portal-hint">{texts.next}</span>
        </div>
      </form>
    </section>
  )
}

function ErrorSummary({ site, errors, exams }: { site: Site; errors: ShareErrors; exams: ShareableExam[] }) {
  const found = Object.entries(errors).filter(([, text]) => text !== undefined)
  if (found.length === 0) return null
  return (
    <Notice site={site} tone="danger" title={site.messages.sharing.list.errorsTitle} alert>
      <ul class="portal-error-list">
        {found.map(([name, text]) => (
          <li>
            <a href={`#${name === 'esami' ? `esami-${exams[0]?.publicationId}` : name}`}>{text}</a>
          </li>
        ))}
      </ul>
    </Notice>
  )
}

type ExamChoiceProps = {
  site: Site
  exams: ShareableExam[]
  chosen: string[] | undefined
  error: string | undefined
}

/** One box per exam, all ticked at first; a single exam needs no choice. */
function ExamChoice({ site, exams, chosen, error }: ExamChoiceProps) {
  const [only, ...others] = exams
  if (only && others.length === 0)
    return <input type="hidden" name="esami" value={only.publicationId} id={`esami-${only.publicationId}`} />
  return (
    <fieldset class="portal-choice" aria-describedby="esami-error">
      <legend>{site.messages.sharing.list.exams}</legend>
      {exams.map(({ publicationId, description, examDate }) => (
        <div class="portal-check">
          <input
            type="checkbox"
            name="esami"
            value={publicationId}
            id={`esami-${publicationId}`}
            checked={chosen === undefined || chosen.includes(publicationId)}
          />
          <label for={`esami-${publicationId}`}>
            {description} – {formatDay(examDate)}
          </label>
        </div>
      ))}
      <p id="esami-error" class="portal-field-status" data-state={error ? 'error' : undefined}>
        {error}
      </p>
    </fieldset>
  )
}
