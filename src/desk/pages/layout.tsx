import type { Child } from 'hono/jsx'
import type { Act } from '../../staff/permissions.ts'
import { may } from '../../staff/permissions.ts'
import { STAFF_IDLE_MS, type StaffMember } from '../../staff/sessions.ts'
import { Icon } from '../../ui/icon.tsx'
import type { IconName } from '../../ui/icons.ts'
import { IdleDialog } from '../../ui/idle-dialog.tsx'
import type { Site } from '../../ui/site.ts'

type Section = 'search' | 'register' | 'attention' | 'messages' | 'accounts' | 'trail'

/** What every page of the console is drawn with. */
export type Frame = { site: Site; staff: StaffMember }

export type DeskLayoutProps = {
  site: Site
  title: string
  /** Not given on the pages before the login. */
  staff?: StaffMember | undefined
  here?: Section | undefined
  scripts?: string[] | undefined
  children?: Child
}

const SECTIONS: { section: Section; act: Act; href: string; icon: IconName }[] = [
  { section: 'search', act: 'visit.search', href: '/desk/cerca', icon: 'it-search' },
  { section: 'register', act: 'visit.register', href: '/desk/visite/nuova', icon: 'it-plus' },
  { section: 'attention', act: 'attention.read', href: '/desk/attenzione', icon: 'it-warning-circle' },
  { section: 'accounts', act: 'staff.manage', href: '/desk/utenti', icon: 'it-user' },
  { section: 'messages', act: 'message.list', href: '/desk/messaggi', icon: 'it-mail' },
  { section: 'trail', act: 'audit.read', href: '/desk/registro', icon: 'it-list' },
]

/** Where somebody with these roles begins. */
export function firstPage(staff: StaffMember): string | null {
  return SECTIONS.find(({ act }) => may(staff.roles, act))?.href ?? null
}

/** The console's document: dense, one bar on top, one column, every section a key away. */
export function DeskLayout({ site, title, staff, here, scripts = [], children }: DeskLayoutProps) {
  const { asset, messages, organisation } = site
  const texts = messages.desk
  return (
    <html lang={messages.common.language}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex, nofollow" />
        <meta name="format-detection" content="telephone=no" />
        <meta name="theme-color" content="#17324d" />
        <title>{texts.title(title, organisation)}</title>
        <link rel="icon" type="image/svg+xml" href={asset('favicon.svg')} />
        <link rel="stylesheet" href={asset('portal.css')} />
        <link rel="stylesheet" href={asset('desk.css')} />
        {[...scripts, ...(staff ? ['desk.js', 'session.js'] : [])].map((name) => (
          <script type="module" src={asset(name)} />
        ))}
      </head>
      <body
        class="desk"
        data-idle-seconds={staff && STAFF_IDLE_MS / 1000}
        data-alive={staff && '/desk/sessione/attiva'}
        data-after-idle={staff && '/desk/accesso?fine=inattivita'}
      >
        <nav class="skiplinks" aria-label={messages.common.skipLinks}>
          <a class="visually-hidden-focusable" href="#contenuto">
            {messages.common.skipToContent}
          </a>
        </nav>
        <header class="desk-header">
          <div class="container desk-bar">
            <a href="/desk" class="desk-brand">
              <strong>{texts.service}</strong> <span>{organisation}</span>
            </a>
            {staff && <Sections site={site} staff={staff} here={here} />}
            {staff && <Who site={site} staff={staff} />}
          </div>
        </header>
        <main id="contenuto" tabindex={-1}>
          <div class="container desk-main">{children}</div>
        </main>
        {staff && <IdleDialog site={site} signOut="/desk/uscita" />}
      </body>
    </html>
  )
}

function Sections({ site, staff, here }: Frame & { here?: Section | undefined }) {
  const { nav, keys } = site.messages.desk
  return (
    <nav class="desk-nav" aria-label={nav.label}>
      <ul>
        {SECTIONS.filter(({ act }) => may(staff.roles, act)).map(({ section, href, icon }) => (
          <li>
            <a
              href={href}
              aria-current={section === here ? 'page' : undefined}
              aria-keyshortcuts={`Alt+${keys[section]}`}
              data-key={keys[section].toLowerCase()}
              title={`Alt+${keys[section]}`}
            >
              <Icon site={site} name={icon} />
              <span>{nav[section]}</span>
            </a>
          </li>
        ))}
      </ul>
    </nav>
  )
}

function Who({ site, staff }: Frame) {
  const { roles, nav } = site.messages.desk
  const told = staff.roles.map((role) => roles[role]).join(', ')
  return (
    <div class="desk-who">
      <p>
        <strong>{staff.name}</strong>
        <span title={told}>{told}</span>
      </p>
      <a href="/desk/profilo" class="desk-signout">
        <Icon site={site} name="it-user" />
        <span>{nav.profile}</span>
      </a>
      <form method="post" action="/desk/uscita">
        <button type="submit" class="desk-signout">
          <Icon site={site} name="it-logout" />
          <span>{nav.signOut}</span>
        </button>
      </form>
    </div>
  )
}
