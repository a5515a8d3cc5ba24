import { BackLink } from '../../ui/back-link.tsx'
import { formatDay } from '../../ui/format.ts'
import { Icon } from '../../ui/icon.tsx'
import { Layout } from '../../ui/layout.tsx'
import { Notice } from '../../ui/notice.tsx'
import type { QrCode } from '../../ui/qr.ts'
import type { PageSession, Site } from '../../ui/site.ts'
import { doctorName, type ShareDoctor } from './share-list.tsx'

export type SharePinProps = {
  site: Site
  session: PageSession
  shareId: string
  doctor: ShareDoctor
  /** Seven digits (S29). */
  pin: string
  /** The doctor's address, token in its fragment. */
  link: string
  /** `qrCode(link)` of src/ui/qr.ts. */
  qr: QrCode
  /** 'YYYY-MM-DD'. */
  availableUntil: string
  /** Just made: the page says that the mail is on its way. */
  created: boolean
}

/** "Mostra PIN": PIN and link apart, for two different ways to the doctor (S29, S30). */
export function SharePinPage(props: SharePinProps) {
  const { site, session, shareId, doctor, pin, link, qr, availableUntil, created } = props
  const texts = site.messages.sharing.pin
  const name = doctorName(doctor)
  return (
    <Layout site={site} title={texts.title} session={session} scripts={['share-pin.js']}>
      <BackLink site={site} href="/condivisioni#shares-title" words={texts.back} />
      {created && (
        <Notice site={site} tone="success" title={texts.created} alert>
          <p>{texts.createdMore(doctor.email)}</p>
        </Notice>
      )}
      <h1 class="portal-heading">{texts.heading(name)}</h1>
      <p class="portal-lead">{texts.until(formatDay(availableUntil))}</p>
      <div class="portal-columns">
        <div>
          <PinCard site={site} pin={pin} phone={doctor.phone} />
          <section class="portal-new-pin" aria-labelledby="new-pin-title">
            <h2 id="new-pin-title">{texts.newPinTitle}</h2>
            <p>{texts.newPinMore}</p>
            <form method="post" action={`/condivisioni/${encodeURIComponent(shareId)}/nuovo-pin`}>
              <button type="submit" class="btn btn-outline-primary">
                <Icon site={site} name="it-refresh" />
                {texts.newPin}
              </button>
            </form>
          </section>
        </div>
        <LinkCard site={site} link={link} qr={qr} />
      </div>
    </Layout>
  )
}

function PinCard({ site, pin, phone }: { site: Site; pin: string; phone: string | null }) {
  const texts = site.messages.sharing.pin
  const callable = phone?.replace(/[^+0-9]/g, '') ?? ''
  return (
    <section class="portal-card" aria-labelledby="pin-title">
      <h2 id="pin-title">{texts.pin}</h2>
      <p class="portal-big-pin" id="pin" data-copy={pin}>
        {/* Read aloud digit by digit, not as two numbers of three and four figures. */}
        <span class="visually-hidden">{[...pin].join(' ')}</span>
        <span aria-hidden="true">{pin.slice(0, 3)}</span> <span aria-hidden="true">{pin.slice(3)}</span>
      </p>
      <p>
        <strong>{texts.tell}</strong> {texts.why}
      </p>
      <p class="portal-share-actions">
        {callable.length > 3 && (
          <>
            <a href={`tel:${callable}`} class="btn btn-primary">
              <Icon site={site} name="it-telephone" />
              {texts.call(phone ?? '')}
            </a>
            <a
              href={`sms:${callable}?body=${encodeURIComponent(texts.smsBody(pin))}`}
              class="btn btn-outline-primary"
            >
              <Icon site={site} name="it-comment" />
              {texts.sms}
            </a>
          </>
        )}
        <CopyButton site={site} of="pin" words={texts.copyPin} />
      </p>
    </section>
  )
}

function LinkCard({ site, link, qr }: { site: Site; link: string; qr: QrCode }) {
  const texts = site.messages.sharing.pin
  return (
    <section class="portal-card" aria-labelledby="link-title">
      <h2 id="link-title">{texts.linkTitle}</h2>
      <p>{texts.link}</p>
      <p class="portal-link" id="link" data-copy={link}>
        {link}
      </p>
      <p>
        <CopyButton site={site} of="link" words={texts.copyLink} />
      </p>
      <h3 class="portal-qr-title">{texts.qrTitle}</h3>
      <p>{texts.qr}</p>
      <svg class="portal-qr" viewBox={`0 0 ${qr.size} ${qr.size}`} role="img" aria-label={texts.qrLabel}>
        <rect width={qr.size} height={qr.size} fill="#fff" />
        <path d={qr.path} fill="#000" shape-rendering="crispEdges" />
      </svg>
    </section>
  )
}

/** Shown by src/browser/share-pin.ts where there is a clipboard. */
function CopyButton({ site, of, words }: { site: Site; of: string; words: string }) {
  const { copied, copyFailed } = site.messages.sharing.pin
  return (
    <>
      <button
        type="button"
        class="btn btn-outline-primary"
        hidden
        data-copies={of}
        data-done={copied}
        data-failed={copyFailed}
      >
        <Icon site={site} name="it-copy" />
        {words}
      </button>
      <span class="portal-copied" id={`${of}-copied`} role="status" />
    </>
  )
}
