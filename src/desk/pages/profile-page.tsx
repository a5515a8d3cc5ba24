import { LONGEST_PASSWORD, type PasswordFault } from '../../staff/password.ts'
import type { Refused } from '../../staff/profile.ts'
import { Field } from '../../ui/form.tsx'
import { Notice } from '../../ui/notice.tsx'
import type { Site } from '../../ui/site.ts'
import { DeskLayout, type Frame } from './layout.tsx'
import { NewPassword } from './new-password.tsx'

export type ProfileNote = 'changed' | { form: 'password' | 'codes'; fault: PasswordFault | Refused['reason'] }

/** One's own account. Each change asks for the password and a code, as the login does. */
export function ProfilePage({ frame, note }: { frame: Frame; note?: ProfileNote | undefined }) {
  const { site, staff } = frame
  const { profile: texts, roles } = site.messages.desk
  const refused = typeof note === 'object' ? note : undefined
  return (
    <DeskLayout {...frame} title={texts.title}>
      <div class="desk-head">
        <h1>{texts.title}</h1>
        <p class="desk-muted">
          {staff.name} · {staff.username} · {staff.roles.map((role) => roles[role]).join(', ')}
        </p>
      </div>
      {note === 'changed' && <Notice site={site} tone="success" title={texts.changed} />}
      {refused && <Notice site={site} tone="danger" title={texts.faults[refused.fault]} alert />}
      {staff.method === 'oidc' ? (
        <p>{texts.elsewhere}</p>
      ) : (
        <div class="desk-register">
          <PasswordForm site={site} username={staff.username} refused={refused} />
          <form method="post" action="/desk/profilo/codici" class="desk-card">
            <h2>{texts.codes}</h2>
            <p>{texts.codesLead}</p>
            <ProofFields site={site} form="codes" focused={refused?.form === 'codes'} />
            <button type="submit" class="btn btn-primary">
              {texts.codesSubmit}
            </button>
          </form>
        </div>
      )}
    </DeskLayout>
  )
}

function PasswordForm({
  site,
  username,
  refused,
}: {
  site: Site
  username: string
  refused: Exclude<ProfileNote, string> | undefined
}) {
  const { profile: texts } = site.messages.desk
  return (
    <form method="post" action="/desk/profilo/password" class="desk-card">
      <h2>{texts.password}</h2>
      {/* Password managers keep the password under this name. */}
      <input type="text" name="utente" value={username} autocomplete="username" hidden />
      <ProofFields site={site} form="password" focused={refused?.form !== 'codes'} />
      <NewPassword site={site} name="nuova" label={texts.next} />
      <p class="desk-muted">{texts.passwordHint}</p>
      <button type="submit" class="btn btn-primary">
        {texts.passwordSubmit}
      </button>
    </form>
  )
}

function ProofFields({ site, form, focused }: { site: Site; form: 'password' | 'codes'; focused: boolean }) {
  const { profile: texts } = site.messages.desk
  return (
    <>
      <Field
        site={site}
        id={`${form}-attuale`}
        name="attuale"
        type="password"
        label={texts.current}
        autocomplete="current-password"
        maxLength={LONGEST_PASSWORD}
        autofocus={focused}
      />
      <Field
        site={site}
        id={`${form}-codice`}
        name="codice"
        label={texts.code}
        hint={texts.codeHint}
        inputMode="text"
        autocomplete="one-time-code"
        maxLength={40}
      />
    </>
  )
}
