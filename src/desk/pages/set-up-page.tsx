import type { StaffMember } from '../../staff/sessions.ts'
import type { SetUp, SetUpBegun } from '../../staff/set-up.ts'
import { totpUri } from '../../staff/totp.ts'
import { Field } from '../../ui/form.tsx'
import { Notice } from '../../ui/notice.tsx'
import { qrCode } from '../../ui/qr.ts'
import type { Site } from '../../ui/site.ts'
import { DeskLayout } from './layout.tsx'
import { NewPassword } from './new-password.tsx'

/** Where a new account begins: its one-time link leads here, the secret after '#'. */
export function SetUpLinkPage({ site, refused }: { site: Site; refused: boolean }) {
  const texts = site.messages.desk.setUp
  return (
    <DeskLayout site={site} title={texts.title} scripts={['desk-set-up.js']}>
      <div class="desk-narrow">
        <h1>{texts.title}</h1>
        <p>{texts.lead}</p>
        <form method="post" action="/desk/attivazione" class="desk-card">
          <Field
            site={site}
            name="attivazione"
            label={texts.token}
            hint={texts.tokenHint}
            error={refused ? texts.badLink : undefined}
            maxLength={200}
            autofocus
          />
          <button type="submit" class="btn btn-primary">
            {texts.next}
          </button>
        </form>
      </div>
    </DeskLayout>
  )
}

type Fault = Exclude<Extract<SetUp, { ok: false }>['reason'], 'link'>

/** The authenticator's secret as a QR code, and the password. */
export function SetUpPage({
  site,
  begun: { account, secret },
  token,
  fault,
}: {
  site: Site
  begun: SetUpBegun
  token: string
  fault?: Fault | undefined
}) {
  const texts = site.messages.desk.setUp
  const { size, path } = qrCode(totpUri(secret, account.username, site.organisation))
  const ofPassword = fault !== undefined && fault !== 'code' && fault !== 'differ'
  return (
    <DeskLayout site={site} title={texts.title}>
      <div class="desk-narrow">
        <h1>{texts.title}</h1>
        <p>{texts.hello(account.name, account.username)}</p>
        <form method="post" action="/desk/attivazione" class="desk-card">
          <input type="hidden" name="attivazione" value={token} />
          {/* Password managers keep the password under this name. */}
          <input type="text" name="utente" value={account.username} autocomplete="username" hidden />
          <h2>{texts.step1}</h2>
          <p class="desk-muted">{texts.apps}</p>
          <svg class="desk-qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={texts.qr}>
            <path fill="#fff" d={`M0 0h${size}v${size}H0z`} />
            <path d={path} />
          </svg>
          <p>
            {texts.secret} <code class="desk-secret">{secret.match(/.{1,4}/g)?.join(' ')}</code>
          </p>
          <Field
            site={site}
            name="codice"
            label={texts.code}
            error={fault === 'code' ? texts.faults.code : undefined}
            inputMode="numeric"
            autocomplete="one-time-code"
            maxLength={10}
            autofocus
          />
          <h2>{texts.step2}</h2>
          <NewPassword
            site={site}
            name="password"
            label={texts.password}
            error={ofPassword ? texts.faults[fault] : undefined}
            errorAgain={fault === 'differ' ? texts.faults.differ : undefined}
          />
          <button type="submit" class="btn btn-primary">
            {texts.submit}
          </button>
        </form>
      </div>
    </DeskLayout>
  )
}

/** The account stands, or its owner (`staff`) renewed the recovery codes: they are shown this once. */
export function SetUpDonePage({
  site,
  staff,
  recoveryCodes,
}: {
  site: Site
  staff?: StaffMember
  recoveryCodes: string[]
}) {
  const { setUp: texts, profile } = site.messages.desk
  const title = staff ? profile.codesTitle : texts.doneTitle
  return (
    <DeskLayout site={site} staff={staff} title={title}>
      <div class="desk-narrow">
        <h1>{title}</h1>
        <Notice site={site} tone="success" title={texts.doneLead}>
          <p>{texts.recovery}</p>
        </Notice>
        <ul class="desk-codes">
          {recoveryCodes.map((code) => (
            <li>
              <code>{code}</code>
            </li>
          ))}
        </ul>
        <p>
          <a href={staff ? '/desk/profilo' : '/desk/accesso'} class="btn btn-primary" autofocus>
            {staff ? profile.back : texts.toLogin}
          </a>
        </p>
      </div>
    </DeskLayout>
  )
}
