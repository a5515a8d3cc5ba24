import { Field } from '../../ui/form.tsx'
import { Icon } from '../../ui/icon.tsx'
import { Notice } from '../../ui/notice.tsx'
import type { Site } from '../../ui/site.ts'
import type { Faults, TypedExam, TypedVisit, Warning } from '../registration.ts'
import { DeskLayout, type Frame } from './layout.tsx'

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
  const { register: texts, warnings: warningTexts } = site.messages.deskVisits
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
        {!wrong && warnings.length > 0 && (
          <div class="desk-wide">
            <Notice site={site} tone="warning" title={texts.warningsTitle} alert>
              <ul>
                {warnings.map((warning) => (
                  <li>{warningTexts[warning]}</li>
                ))}
              </ul>
              <label class="desk-check">
                <input type="checkbox" name="confermato" value="si" required autofocus /> {texts.confirm}
              </label>
            </Notice>
          </div>
        )}
        <div class="desk-wide desk-submit">
          <button type="submit" class="btn btn-primary">
            <Icon site={site} name="it-print" />
            {texts.submit}
          </button>
          <span class="desk-muted">{texts.lead}</span>
        </div>
      </form>
      <datalist id="esami-usuali">
        {props.usualExams.map((exam) => (
          <option value={exam} />
        ))}
      </datalist>
    </DeskLayout>
  )
}

type Part = { site: Site; typed: TypedVisit; faults: Faults }

/** Who the visit is of. */
export function PersonFields({ site, typed, faults }: Part) {
  const { register: texts, faults: words } = site.messages.deskVisits
  const error = (name: string) => faults[name] && words[faults[name]]
  const first = Object.keys(faults)[0]
  return (
    <fieldset class="desk-card">
      <legend>{texts.person}</legend>
      <Field
        site={site}
        name="codice_fiscale"
        label={texts.taxCode}
        hint={texts.taxCodeHint}
        value={typed.taxCode}
        error={error('codice_fiscale')}
        maxLength={24}
        required={false}
        autofocus={typed.familyName === '' || first === 'codice_fiscale'}
      />
      <div class="desk-pair">
        <Field
          site={site}
          name="cognome"
          label={texts.familyName}
          value={typed.familyName}
          error={error('cognome')}
          maxLength={120}
        />
        <Field
          site={site}
          name="nome"
          label={texts.givenName}
          value={typed.givenName}
          error={error('nome')}
          maxLength={120}
        />
      </div>
      <div class="desk-three">
        <Field
          site={site}
          name="nascita"
          label={texts.birthDate}
          value={typed.birthDate}
          error={error('nascita')}
          inputMode="numeric"
          maxLength={10}
        />
        <div class="portal-field">
          <label for="sesso">{texts.sex}</label>
          <select id="sesso" name="sesso" class="desk-select">
            {Object.entries(texts.sexes).map(([value, words]) => (
              <option value={value} selected={value === typed.sex}>
                {words}
              </option>
            ))}
          </select>
        </div>
        <Field
          site={site}
          name="numero_paziente"
          label={texts.patientId}
          value={typed.patientId}
          error={error('numero_paziente')}
          required={false}
          maxLength={64}
        />
      </div>
      <Field
        site={site}
        name="luogo"
        label={texts.birthPlace}
        value={typed.birthPlace}
        error={error('luogo')}
        required={false}
        maxLength={120}
      />
    </fieldset>
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
      <div id="esami">
        {typed.exams.map((exam, index) => (
          <ExamFields site={site} number={index + 1} exam={exam} faults={faults} />
        ))}
      </div>
      <p>
        <button type="button" id="aggiungi-esame" class="btn btn-outline-primary desk-slim">
          <Icon site={site} name="it-plus" />
          {texts.add}
        </button>
      </p>
    </fieldset>
  )
}

/** One exam; of a registered one the id goes along, and it cannot be taken away. */
export function ExamFields({
  site,
  number,
  exam,
  faults,
}: {
  site: Site
  number: number
  exam: TypedExam
  faults: Faults
}) {
  const { register: texts, faults: words } = site.messages.deskVisits
  const error = (name: string) => faults[`${name}_${number}`] && words[faults[`${name}_${number}`] ?? 'text']
  return (
    <fieldset class="desk-exam" data-number={number}>
      <legend>{texts.exam(number)}</legend>
      {exam.id && <input type="hidden" name={`id_${number}`} value={exam.id} />}
      <Field
        site={site}
        name={`esame_${number}`}
        label={texts.description}
        value={exam.description}
        error={error('esame')}
        maxLength={200}
        list="esami-usuali"
      />
      <div class="desk-pair">
        <Field
          site={site}
          name={`data_${number}`}
          label={texts.examDate}
          value={exam.date}
          error={error('data')}
          inputMode="numeric"
          maxLength={10}
        />
        <Field
          site={site}
          name={`numero_${number}`}
          label={texts.examAccession}
          value={exam.accession}
          error={error('numero')}
          required={false}
          maxLength={64}
        />
      </div>
      <div class="desk-checks desk-row">
        <label>
          <input type="checkbox" name={`immagini_${number}`} value="si" checked={exam.images} />
          <span>{texts.imagesExpected}</span>
        </label>
        <label>
          <input type="checkbox" name={`escluso_${number}`} value="si" checked={exam.excluded} />
          <span>{texts.excluded}</span>
        </label>
      </div>
      <button type="button" class="desk-remove" hidden={number === 1 || exam.id !== undefined}>
        {texts.remove}
      </button>
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
