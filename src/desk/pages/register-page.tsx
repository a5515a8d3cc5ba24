import { Field } from '../../ui/form.tsx'
import { Icon } from '../../ui/icon.tsx'
import { Notice } from '../../ui/notice.tsx'
import type { Faults, TypedVisit, Warning } from '../registration.ts'
import { DeskLayout, type Frame } from './layout.tsx'
import { ExamsFields, PersonFields, UsualExams, Warnings } from './visit-fields.tsx'

type Props = {
  frame: Frame
  typed: TypedVisit
  faults?: Faults | undefined
  warnings?: Warning[] | undefined
  consentVersion: string
  today: string
  /** What exams are usually called here: offered while typing. */
  usualExams: string[]
}

/** The form of a new visit. The first field that is empty has the focus; Enter goes on to the next, and registers in the end. */
export function RegisterPage(props: Props) {
  const { frame, typed, faults = {}, warnings = [] } = props
  const { site } = frame
  const { register: texts } = site.messages.deskVisits
  const { errorsTitle } = site.messages.desk
  const wrong = Object.keys(faults).length > 0
  return (
    <DeskLayout {...frame} title={texts.title} here="register" scripts={['desk-register.js']}>
      <h1>{texts.heading}</h1>
      {wrong && <Notice site={site} tone="danger" title={errorsTitle} alert />}
      <form
        method="post"
        action="/desk/visite"
        id="registra"
        class="desk-register"
        data-today={props.today}
        data-filled={texts.filled}
        data-other={texts.other}
        data-same={texts.same}
        data-names-differ={texts.namesDiffer}
        data-faults={JSON.stringify(site.messages.deskVisits.faults)}
      >
        <PersonFields site={site} typed={typed} faults={faults} />
        <VisitFields {...props} faults={faults} />
        <OnlineFields {...props} faults={faults} />
        {!wrong && <Warnings site={site} title={texts.warningsTitle} warnings={warnings} />}
        <div class="desk-wide desk-submit">
          <button type="submit" class="btn btn-primary">
            <Icon site={site} name="it-print" />
            {texts.submit}
          </button>
          <span class="desk-muted">{texts.lead}</span>
        </div>
      </form>
      <UsualExams names={props.usualExams} />
    </DeskLayout>
  )
}

function VisitFields({ frame: { site }, typed, faults }: Props & { faults: Faults }) {
  const { register: texts, faults: words } = site.messages.deskVisits
  return (
    <fieldset class="desk-card">
      <legend>{texts.visit}</legend>
      <Field
        site={site}
        name="accettazione"
        label={texts.accession}
        hint={texts.accessionHint}
        value={typed.accession}
        error={faults.accettazione && words[faults.accettazione]}
        maxLength={64}
        autofocus={faults.accettazione !== undefined}
      />
      <ExamsFields site={site} typed={typed} faults={faults} />
    </fieldset>
  )
}

function OnlineFields({ frame: { site }, typed, faults, consentVersion }: Props & { faults: Faults }) {
  const { register: texts, faults: words } = site.messages.deskVisits
  const error = (name: string) => faults[name] && words[faults[name]]
  return (
    <fieldset class="desk-card desk-wide">
      <legend>{texts.online}</legend>
      <div class="desk-online">
        <Field
          site={site}
          name="email"
          type="email"
          label={texts.email}
          hint={texts.emailHint}
          value={typed.email}
          error={error('email')}
          required={false}
          maxLength={254}
        />
        <Field
          site={site}
          name="email_di_nuovo"
          type="email"
          label={texts.emailAgain}
          hint={texts.emailAgainHint}
          value={typed.emailAgain}
          error={error('email_di_nuovo')}
          required={false}
          maxLength={254}
        />
        <fieldset class="desk-checks" aria-describedby={faults.consenso ? 'consenso-error' : undefined}>
          <legend>{texts.consent(consentVersion)}</legend>
          <div class="desk-row">
            {(['yes', 'no'] as const).map((answer) => (
              <label>
                <input
                  type="radio"
                  name="consenso"
                  value={answer === 'yes' ? 'si' : 'no'}
                  checked={typed.consent === answer}
                  required
                />
                <span>{texts[answer]}</span>
              </label>
            ))}
          </div>
          {faults.consenso && (
            <p id="consenso-error" class="portal-field-status" data-state="error">
              {error('consenso')}
            </p>
          )}
        </fieldset>
      </div>
    </fieldset>
  )
}
