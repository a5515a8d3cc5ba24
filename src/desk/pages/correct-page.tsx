import { Icon } from '../../ui/icon.tsx'
import { Notice } from '../../ui/notice.tsx'
import type { Faults, TypedVisit, Warning } from '../registration.ts'
import { DeskLayout, type Frame } from './layout.tsx'
import { ExamsFields, PersonFields, UsualExams, Warnings } from './visit-fields.tsx'

type Props = {
  frame: Frame
  visitId: string
  typed: TypedVisit
  faults: Faults
  warnings: Warning[]
  today: string
  usualExams: string[]
  newSlip: boolean
}

/** The data of a registered visit, to be corrected: the person, its exams, and exams to be added. Keys as in registering. */
export function CorrectPage({ frame, visitId, typed, faults, warnings, today, usualExams, newSlip }: Props) {
  const { site } = frame
  const { register, correct: texts, faults: faultTexts } = site.messages.deskVisits
  const wrong = Object.keys(faults).length > 0
  return (
    <DeskLayout {...frame} title={texts.title} here="search" scripts={['desk-register.js']}>
      <p class="portal-back">
        <a href={`/desk/visite/${visitId}`}>
          <Icon site={site} name="it-arrow-left" />
          {texts.back}
        </a>
      </p>
      <div class="desk-head">
        <h1>{texts.title}</h1>
        <p class="desk-muted desk-number">{typed.accession}</p>
      </div>
      <p>{texts.lead}</p>
      {wrong && <Notice site={site} tone="danger" title={site.messages.desk.errorsTitle} alert />}
      <form
        method="post"
        action={`/desk/visite/${visitId}/correggi`}
        id="registra"
        class="desk-register"
        data-today={today}
        data-filled={register.filled}
        data-other={register.other}
        data-names-differ={register.namesDiffer}
        data-faults={JSON.stringify(faultTexts)}
      >
        <PersonFields site={site} typed={typed} faults={faults} />
        <fieldset class="desk-card">
          <legend>{texts.exams}</legend>
          <ExamsFields site={site} typed={typed} faults={faults} />
        </fieldset>
        {!wrong && <Warnings site={site} title={texts.warningsTitle} warnings={warnings} />}
        <div class="desk-wide desk-submit">
          <label class="desk-check">
            <input type="checkbox" name="foglio" value="si" checked={newSlip} /> {texts.newSlip}
          </label>
          <button type="submit" class="btn btn-primary">
            <Icon site={site} name="it-check-circle" />
            {texts.submit}
          </button>
        </div>
      </form>
      <UsualExams names={usualExams} />
    </DeskLayout>
  )
}
