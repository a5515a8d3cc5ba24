import { BackLink } from '../ui/back-link.tsx'
import { Icon } from '../ui/icon.tsx'
import { Layout } from '../ui/layout.tsx'
import { RichText } from '../ui/rich.tsx'
import type { PageSession, Site } from '../ui/site.ts'

export type HelpProps = { site: Site; session?: PageSession | undefined }

/** FAQ and contacts, reachable without signing in (S36). Accordions are <details>: no script. */
export function HelpPage({ site, session }: HelpProps) {
  const texts = site.messages.help
  const sections = texts.sections({ availableDays: site.availableDays, ...site.features })
  return (
    <Layout site={site} title={texts.title} session={session}>
      <BackToStart site={site} signedIn={session !== undefined} />
      <h1 class="portal-heading">{texts.heading}</h1>
      <p class="portal-lead">{texts.lead}</p>
      <div class="portal-help">
        <nav class="portal-help-index" aria-labelledby="index-title">
          <h2 id="index-title">{texts.index}</h2>
          <ul>
            {sections.map(({ id, title }) => (
              <li>
                <a href={`#${id}`}>{title}</a>
              </li>
            ))}
            <li>
              <a href="#contatti">{texts.contactsTitle}</a>
            </li>
          </ul>
        </nav>
        <div>
          {sections.map(({ id, title, questions }) => (
            <section aria-labelledby={id}>
              <h2 id={id}>{title}</h2>
              {questions.map((entry) => (
                <details class="portal-question">
                  <summary>
                    <h3>{entry.question}</h3>
                  </summary>
                  {/* The id is inside: a browser that is sent to it opens the answer by itself. */}
                  <div class="portal-answer" id={entry.id}>
                    <RichText blocks={entry.answer} />
                  </div>
                </details>
              ))}
            </section>
          ))}
          <ContactsSection site={site} />
        </div>
      </div>
    </Layout>
  )
}

/** Back to the list for who is signed in, to the access page for who is not. */
export function BackToStart({ site, signedIn }: { site: Site; signedIn: boolean }) {
  const { backToList, backToAccess } = site.messages.common
  return (
    <BackLink site={site} href={signedIn ? '/referti' : '/'} words={signedIn ? backToList : backToAccess} />
  )
}

function ContactsSection({ site }: { site: Site }) {
  const { help, common } = site.messages
  const { phone, email, openingHours, address } = site.contacts
  const words = common.contacts
  return (
    <section class="portal-card portal-contacts" aria-labelledby="contatti">
      <h2 id="contatti">{help.contactsTitle}</h2>
      <p class="portal-contacts-name">{site.organisation}</p>
      <ul>
        {phone && (
          <li>
            <Icon site={site} name="it-telephone" />
            <span>
              {words.phone}: <a href={`tel:${phone.replace(/[^+0-9]/g, '')}`}>{phone}</a>
            </span>
          </li>
        )}
        {email && (
          <li>
            <Icon site={site} name="it-mail" />
            <span>
              {words.email}: <a href={`mailto:${email}`}>{email}</a>
            </span>
          </li>
        )}
        {openingHours && (
          <li>
            <Icon site={site} name="it-clock" />
            <span>
              {words.openingHours}: {openingHours}
            </span>
          </li>
        )}
        {address && (
          <li>
            <Icon site={site} name="it-map-marker" />
            <span>
              {words.address}: {address}
            </span>
          </li>
        )}
      </ul>
      {!phone && !email && <p>{words.none}</p>}
      <p>{help.contactsText}</p>
    </section>
  )
}
