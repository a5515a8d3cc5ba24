import { formatDay, formatInstantDay, formatInstantTime } from '../../ui/format.ts'
import { Icon } from '../../ui/icon.tsx'
import { Notice } from '../../ui/notice.tsx'
import type { Site } from '../../ui/site.ts'

export type ShareDoctor = { familyName: string; givenName: string; email: string; phone: string | null }

export type ListedShare = {
  id: string
  doctor: ShareDoctor
  /** What it opens, in words. */
  exams: string[]
  /** 'YYYY-MM-DD', the last whole day (S31). */
  availableUntil: string
  state: 'active' | 'suspended' | 'revoked' | 'ended'
  mail: 'queued' | 'sent' | 'refused' | null
  openedAt: Date | null
}

/** "ROSSI MARIO", as every list of the portal writes people. */
export const doctorName = ({ familyName, givenName }: ShareDoctor): string => `${familyName} ${givenName}`

/** The patient's shares: those that stand with what can be done, those that ended below (S30). */
export function ShareList({ site, shares }: { site: Site; shares: ListedShare[] }) {
  const texts = site.messages.sharing.list
  const standing = shares.filter(({ state }) => state === 'active' || state === 'suspended')
  const over = shares.filter(({ state }) => state === 'revoked' || state === 'ended')
  return (
    <section class="portal-shares" aria-labelledby="shares-title">
      <h2 id="shares-title">{texts.sharesTitle}</h2>
      {standing.length === 0 && <p class="portal-note">{texts.none}</p>}
      {standing.map((share) => (
        <StandingShare site={site} share={share} />
      ))}
      {over.length > 0 && <EndedShares site={site} shares={over} />}
    </section>
  )
}

function StandingShare({ site, share }: { site: Site; share: ListedShare }) {
  const texts = site.messages.sharing.list
  const { id, doctor, availableUntil, state, mail } = share
  const titleId = `share-${id}`
  const address = `/condivisioni/${encodeURIComponent(id)}`
  return (
    <article class="portal-card portal-share" aria-labelledby={titleId}>
      <div class="portal-share-head">
        <h3 id={titleId}>
          <span class="portal-share-label">{texts.doctor}</span> {doctorName(doctor)}
        </h3>
        <p class={`portal-state portal-state-${state}`}>
          <Icon site={site} name={state === 'active' ? 'it-check-circle' : 'it-locked'} />
          {state === 'active' ? texts.active : texts.suspended}
        </p>
      </div>
      <dl class="portal-share-facts">
        <Fact name={texts.email} value={doctor.email} />
        {doctor.phone && <Fact name={texts.phone} value={doctor.phone} />}
        <Fact name={texts.shared} value={share.exams.join(', ')} wide />
      </dl>
      <p class="portal-share-until">
        <strong>{texts.until(formatDay(availableUntil))}</strong>
      </p>
      <p class="portal-share-state">{stateWords(site, share)}</p>
      {mail === 'refused' && (
        <Notice site={site} tone="warning" title={texts.refusedTitle}>
          <p>{texts.refused}</p>
        </Notice>
      )}
      {state === 'suspended' && (
        <Notice site={site} tone="warning" title={texts.suspendedTitle}>
          <p>{texts.suspendedMore}</p>
        </Notice>
      )}
      <div class="portal-share-actions">
        {state === 'active' ? (
          <a href={address} class="btn btn-primary" aria-describedby={titleId}>
            <Icon site={site} name="it-password-visible" />
            {texts.showPin}
          </a>
        ) : (
          <form method="post" action={`${address}/nuovo-pin`}>
            <button type="submit" class="btn btn-primary" aria-describedby={titleId}>
              <Icon site={site} name="it-key" />
              {texts.newPin}
            </button>
          </form>
        )}
        <Revoke site={site} doctor={doctor} action={`${address}/annulla`} about={titleId} />
      </div>
    </article>
  )
}

type RevokeProps = { site: Site; doctor: ShareDoctor; action: string; about: string }

/** Asked once to confirm, by a disclosure that needs no script (S30, S32). */
function Revoke({ site, doctor, action, about }: RevokeProps) {
  const texts = site.messages.sharing.list
  return (
    <details class="portal-confirm">
      <summary class="btn btn-outline-danger" aria-describedby={about}>
        {texts.revoke}
      </summary>
      <form method="post" action={action} class="portal-confirm-box">
        <p>
          <strong>{texts.revokeAsk(doctorName(doctor))}</strong> {texts.revokeMore}
        </p>
        <button type="submit" class="btn btn-danger">
          {texts.revokeConfirm}
        </button>
      </form>
    </details>
  )
}

function EndedShares({ site, shares }: { site: Site; shares: ListedShare[] }) {
  const texts = site.messages.sharing.list
  return (
    <details class="portal-ended">
      <summary>
        <h3>
          {texts.endedTitle} ({shares.length})
        </h3>
      </summary>
      <ul>
        {shares.map(({ doctor, exams, state, availableUntil, ...share }) => (
          <li>
            <p>
              <strong>{doctorName(doctor)}</strong> · {doctor.email}
            </p>
            {exams.length > 0 && <p>{exams.join(', ')}</p>}
            <p class="portal-note">
              {state === 'revoked' ? texts.revoked : texts.ended}.{' '}
              {texts.endedUntil(formatDay(availableUntil))}. {openedWords(site, share.openedAt)}
            </p>
          </li>
        ))}
      </ul>
    </details>
  )
}

const Fact = ({ name, value, wide = false }: { name: string; value: string; wide?: boolean }) => (
  <div class={wide ? 'portal-wide' : undefined}>
    <dt>{name}</dt>
    <dd>{value}</dd>
  </div>
)

function stateWords(site: Site, { mail, openedAt }: ListedShare): string {
  const texts = site.messages.sharing.list
  const sent = mail === 'queued' || mail === 'sent' ? texts.mail[mail] : ''
  return [openedAt ? '' : sent, openedWords(site, openedAt)].filter(Boolean).join(' ')
}

function openedWords(site: Site, openedAt: Date | null): string {
  const texts = site.messages.sharing.list
  return openedAt ? texts.opened(formatInstantDay(openedAt), formatInstantTime(openedAt)) : texts.notOpened
}
