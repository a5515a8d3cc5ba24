import type { HelpBlock } from '../messages/it/help-images.ts'
import { Layout } from '../ui/layout.tsx'
import { RichText } from '../ui/rich.tsx'
import type { Site } from '../ui/site.ts'
import { BackToStart, type HelpProps } from './help.tsx'

/** The privacy notice (S40): what the software does, and the organisation's own data as set, nothing invented. */
export function PrivacyPage({ site, session }: HelpProps) {
  const texts = site.messages.privacy
  const { controller, dataProtectionOfficer, fullNoticeUrl } = site.privacy
  const facts = {
    controller: controller ?? site.organisation,
    dataProtectionOfficer,
    availableDays: site.availableDays,
    pin2AtDesk: site.features.pin2AtDesk,
  }
  return (
    <Layout site={site} title={texts.title} session={session}>
      <BackToStart site={site} signedIn={session !== undefined} />
      <h1 class="portal-heading">{texts.heading}</h1>
      <p class="portal-lead">{texts.lead}</p>
      <Sections sections={texts.sections(facts)} />
      <OwnPage site={site} href={fullNoticeUrl} words={texts.fullNotice} />
    </Layout>
  )
}

/** The accessibility statement (S40), with a link to the one filed with AgID where there is one. */
export function AccessibilityPage({ site, session }: HelpProps) {
  const texts = site.messages.accessibility
  const { statementUrl, feedbackEmail } = site.accessibility
  return (
    <Layout site={site} title={texts.title} session={session}>
      <BackToStart site={site} signedIn={session !== undefined} />
      <h1 class="portal-heading">{texts.heading}</h1>
      <p class="portal-lead">{texts.lead(site.organisation)}</p>
      <Sections sections={texts.sections(feedbackEmail ?? site.contacts.email)} />
      <OwnPage site={site} href={statementUrl} words={texts.statement} />
    </Layout>
  )
}

const Sections = ({ sections }: { sections: { title: string; body: HelpBlock[] }[] }) => (
  <div class="portal-legal">
    {sections.map(({ title, body }) => (
      <section>
        <h2>{title}</h2>
        <RichText blocks={body} />
      </section>
    ))}
  </div>
)

const OwnPage = ({ href, words }: { site: Site; href: string | undefined; words: string }) =>
  href ? (
    <p>
      <a href={href}>{words}</a>
    </p>
  ) : null
