import { may } from '../../staff/permissions.ts'
import { Field } from '../../ui/form.tsx'
import { Icon } from '../../ui/icon.tsx'
import { lockText, type VisitPageProps } from './words.ts'

/** What can be done with a visit, by who may do it. */
export function VisitActs(props: VisitPageProps) {
  const { roles } = props.frame.staff
  const { acts: texts } = props.frame.site.messages.deskVisits.visit
  return (
    <section class="desk-side" aria-label={texts.title}>
      {may(roles, 'visit.unlock') && <Unlock {...props} />}
      {may(roles, 'visit.change') && <Email {...props} />}
      {may(roles, 'visit.change') && <Consent {...props} />}
      {may(roles, 'pin1.reissue') && <Pins {...props} />}
      {may(roles, 'report.upload') && <Upload {...props} />}
    </section>
  )
}

function Unlock({ frame: { site }, visit, line }: VisitPageProps) {
  const { acts: texts } = site.messages.deskVisits.visit
  if (!line.lockedUntil) return null
  return (
    <form method="post" action={`/desk/visite/${visit.id}/sblocca`} class="desk-card">
      <p class="desk-bad">{lockText(line.lockedUntil, site)}</p>
      <button type="submit" class="btn btn-primary desk-slim">
        <Icon site={site} name="it-unlocked" />
        {texts.unlock}
      </button>
    </form>
  )
}

function Email({ frame: { site }, visit, line, emailFault }: VisitPageProps) {
  const { acts: texts } = site.messages.deskVisits.visit
  const { register } = site.messages.deskVisits
  return (
    <form method="post" action={`/desk/visite/${visit.id}/email`} class="desk-card">
      <h2>{texts.email}</h2>
      <Field
        site={site}
        name="email"
        type="email"
        label={register.email}
        value={emailFault?.email ?? visit.email ?? ''}
        error={emailFault?.words}
        required={false}
        maxLength={254}
        autofocus={line.mail === 'refused' || emailFault !== undefined}
      />
      <Field
        site={site}
        name="email_di_nuovo"
        type="email"
        label={register.emailAgain}
        required={false}
        maxLength={254}
      />
      <p class="desk-muted">{texts.emailHint}</p>
      <button type="submit" class="btn btn-outline-primary desk-slim">
        {texts.saveEmail}
      </button>
    </form>
  )
}

function Consent({ frame: { site }, visit, consentVersion }: VisitPageProps) {
  const { acts: texts } = site.messages.deskVisits.visit
  return (
    <form method="post" action={`/desk/visite/${visit.id}/consenso`} class="desk-card">
      <p class="desk-muted">
        {texts.consentVersion(visit.consent ? visit.consentTextVersion : consentVersion)}
      </p>
      <input type="hidden" name="consenso" value={visit.consent ? 'no' : 'si'} />
      <button type="submit" class="btn btn-outline-primary desk-slim">
        {visit.consent ? texts.withdrawConsent : texts.giveConsent}
      </button>
    </form>
  )
}

function Pins({ frame: { site, staff }, visit, state, pin2AtDesk }: VisitPageProps) {
  const { acts: texts } = site.messages.deskVisits.visit
  return (
    <div class="desk-card">
      {state.published && may(staff.roles, 'pin2.renew') && (
        <form method="post" action={`/desk/visite/${visit.id}/pin2`}>
          <button type="submit" class="btn btn-outline-primary desk-slim">
            <Icon site={site} name={pin2AtDesk ? 'it-key' : 'it-mail'} />
            {pin2AtDesk ? texts.pin2Desk : texts.pin2Email}
          </button>
          <p class="desk-muted">{texts.pin2Hint}</p>
        </form>
      )}
      <form method="post" action={`/desk/visite/${visit.id}/pin1`}>
        <button type="submit" class="btn btn-outline-primary desk-slim">
          <Icon site={site} name="it-print" />
          {texts.pin1}
        </button>
      </form>
    </div>
  )
}

function Upload({ frame: { site }, visit, exams }: VisitPageProps) {
  const { acts: texts } = site.messages.deskVisits.visit
  return (
    <form
      method="post"
      action={`/desk/visite/${visit.id}/referto`}
      enctype="multipart/form-data"
      class="desk-card"
    >
      <h2>{texts.upload}</h2>
      <div class="portal-field">
        <label for="esame">{texts.uploadExam}</label>
        <select id="esame" name="esame" class="desk-select">
          {exams.map((exam) => (
            <option value={exam.id}>{exam.description}</option>
          ))}
        </select>
      </div>
      <div class="portal-field">
        <label for="documento">{texts.uploadFile}</label>
        <p class="portal-hint" id="documento-hint">
          {texts.uploadHint}
        </p>
        <input
          type="file"
          id="documento"
          name="documento"
          accept=".p7m,.pdf,application/pdf,application/pkcs7-mime"
          required
          aria-describedby="documento-hint"
        />
      </div>
      <button type="submit" class="btn btn-outline-primary desk-slim">
        <Icon site={site} name="it-upload" />
        {texts.uploadSubmit}
      </button>
    </form>
  )
}
