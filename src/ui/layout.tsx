import type { Child } from 'hono/jsx'
import { Icon } from './icon.tsx'
import { IdleDialog } from './idle-dialog.tsx'
import type { PageSession, Site } from './site.ts'

export type LayoutProps = {
  site: Site
  /** What this page is, for the window's title. */
  title: string
  /** Given on pages of a signed-in visit: sign-out button and idle warning (S12). */
  session?: PageSession | undefined
  /** Logical names of the page's own scripts. */
  scripts?: string[] | undefined
  /** Where the page leads on to by itself, at once. */
  refresh?: string | undefined
  children?: Child
}

/** The whole document but its doctype: head, skip links, header, main, footer (S40). */
export function Layout({ site, title, session, scripts = [], refresh, children }: LayoutProps) {
  const { messages, asset, organisation } = site
  const texts = messages.common
  return (
    <html lang={texts.language}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex, nofollow" />
        {refresh && <meta http-equiv="refresh" content={`0;url=${refresh}`} />}
        {/* Phones must not turn a PIN into a telephone link. */}
        <meta name="format-detection" content="telephone=no" />
        <meta name="theme-color" content="#0059b3" />
        <title>{texts.title(title, organisation)}</title>
        <link rel="icon" type="image/svg+xml" href={asset('favicon.svg')} />
        <link rel="stylesheet" href={asset('portal.css')} />
        {[...scripts, ...(session ? ['session.js'] : [])].map((name) => (
          <script type="module" src={asset(name)} />
        ))}
      </head>
      <body data-idle-seconds={session?.idleSeconds} data-after-idle={session && afterIdle(session)}>
        <nav class="skiplinks" aria-label={texts.skipLinks}>
          <a class="visually-hidden-focusable" href="#contenuto">
            {texts.skipToContent}
          </a>
          <a class="visually-hidden-focusable" href="#piede">
            {texts.skipToFooter}
          </a>
        </nav>
        <Header site={site} signedIn={session !== undefined} />
        <main id="contenuto" tabindex={-1}>
          <div class="container portal-main">{children}</div>
        </main>
        <Footer site={site} />
        {session && <IdleDialog site={site} />}
      </body>
    </html>
  )
}

/** What stands beside the images in the viewer's page: the content alone. */
export function FramedLayout({ site, title, scripts = [], children }: Omit<LayoutProps, 'session'>) {
  const texts = site.messages.common
  return (
    <html lang={texts.language}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{texts.title(title, site.organisation)}</title>
        <link rel="stylesheet" href={site.asset('portal.css')} />
        {scripts.map((name) => (
          <script type="module" src={site.asset(name)} />
        ))}
      </head>
      <body>
        <main class="portal-framed">{children}</main>
      </body>
    </html>
  )
}

/** Where an idle session ends: each at the door it came in by. */
export const afterIdle = ({ doctor }: PageSession) => `${doctor ? '/condivisione' : '/'}?fine=inattivita`

function Header({ site, signedIn }: { site: Site; signedIn: boolean }) {
  const texts = site.messages.common
  return (
    <header class="it-header-wrapper">
      <div class="it-header-slim-wrapper portal-slim">
        <div class="container">
          <div class="it-header-slim-wrapper-content">
            <span class="navbar-brand portal-organisation">{site.organisation}</span>
            <div class="portal-slim-actions">
              <a href="/aiuto" class="portal-slim-link">
                <Icon site={site} name="it-help-circle" />
                <span>{texts.help}</span>
              </a>
              {signedIn && (
                <form method="post" action="/uscita">
                  <button type="submit" class="portal-slim-link">
                    <Icon site={site} name="it-logout" />
                    <span>{texts.signOut}</span>
                  </button>
                </form>
              )}
            </div>
          </div>
        </div>
      </div>
      <div class="it-header-center-wrapper portal-center">
        <div class="container">
          <div class="it-brand-wrapper">
            <a href={signedIn ? '/referti' : '/'} class="portal-brand">
              <Logo />
              <span class="portal-brand-text">
                <span class="portal-brand-title">{texts.service}</span>
                <span class="portal-brand-tagline">{texts.tagline}</span>
              </span>
            </a>
          </div>
        </div>
      </div>
    </header>
  )
}

/** A sheet handed over: drawn here, so that it takes the header's colour. */
const Logo = () => (
  <svg class="portal-logo" viewBox="0 0 64 64" aria-hidden="true" focusable="false">
    <path
      fill="none"
      stroke="currentColor"
      stroke-width="4"
      stroke-linejoin="round"
      d="M36 6H16a4 4 0 0 0-4 4v44a4 4 0 0 0 4 4h32a4 4 0 0 0 4-4V22zM36 6v16h16"
    />
    <path
      fill="none"
      stroke="currentColor"
      stroke-width="4"
      stroke-linecap="round"
      stroke-linejoin="round"
      d="M32 28v18m-8-7 8 8 8-8"
    />
  </svg>
)

function Footer({ site }: { site: Site }) {
  const { messages, organisation, contacts } = site
  const texts = messages.common
  const { phone, email, openingHours } = contacts
  return (
    <footer class="it-footer" id="piede" tabindex={-1}>
      <div class="it-footer-main portal-footer">
        <div class="container">
          <div class="portal-footer-columns">
            <div>
              <p class="portal-footer-organisation">{organisation}</p>
              {phone && (
                <p>
                  {texts.contacts.phone}: <a href={`tel:${phone.replace(/[^+0-9]/g, '')}`}>{phone}</a>
                </p>
              )}
              {email && (
                <p>
                  {texts.contacts.email}: <a href={`mailto:${email}`}>{email}</a>
                </p>
              )}
              {openingHours && (
                <p>
                  {texts.contacts.openingHours}: {openingHours}
                </p>
              )}
            </div>
            <nav aria-label={texts.footer.label}>
              <ul>
                <li>
                  <a href="/aiuto">{texts.footer.faq}</a>
                </li>
                <li>
                  <a href="/aiuto#contatti">{texts.footer.contacts}</a>
                </li>
                <li>
                  <a href="/privacy">{texts.footer.privacy}</a>
                </li>
                <li>
                  <a href="/accessibilita">{texts.footer.accessibility}</a>
                </li>
              </ul>
            </nav>
          </div>
        </div>
      </div>
    </footer>
  )
}
