import { Field } from '../../ui/form.tsx'
import { Icon } from '../../ui/icon.tsx'
import { Notice } from '../../ui/notice.tsx'
import type { Site } from '../../ui/site.ts'
import type { Faults, TypedExam, TypedVisit, Warning } from '../registration.ts'

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

/** The exams that are there, and the button for one more. */
export function ExamsFields({ site, typed, faults }: Part) {
  return (
    <>
      <div id="esami">
        {typed.exams.map((exam, index) => (
          <ExamFields site={site} number={index + 1} exam={exam} faults={faults} />
        ))}
      </div>
      <p>
        <button type="button" id="aggiungi-esame" class="btn btn-outline-primary desk-slim">
          <Icon site={site} name="it-plus" />
          {site.messages.deskVisits.register.add}
        </button>
      </p>
    </>
  )
}

/** What exams are usually called here: offered while typing. */
export function UsualExams({ names }: { names: string[] }) {
  return (
    <datalist id="esami-usuali">
      {names.map((name) => (
        <option value={name} />
      ))}
    </datalist>
  )
}

/** What needs a second look before it is taken. */
export function Warnings({ site, title, warnings }: { site: Site; title: string; warnings: Warning[] }) {
  const { register, warnings: words } = site.messages.deskVisits
  if (warnings.length === 0) return null
  return (
    <div class="desk-wide">
      <Notice site={site} tone="warning" title={title} alert>
        <ul>
          {warnings.map((warning) => (
            <li>{words[warning]}</li>
          ))}
        </ul>
        <label class="desk-check">
          <input type="checkbox" name="confermato" value="si" required autofocus /> {register.confirm}
        </label>
      </Notice>
    </div>
  )
}

/** One exam; of a registered one the id goes along, and it cannot be taken away. */
function ExamFields({
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
