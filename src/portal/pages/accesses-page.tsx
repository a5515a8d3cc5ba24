import { BackLink } from '../../ui/back-link.tsx'
import { formatInstantDay, formatInstantTime } from '../../ui/format.ts'
import { Icon } from '../../ui/icon.tsx'
import type { IconName } from '../../ui/icons.ts'
import { Layout } from '../../ui/layout.tsx'
import type { PageSession, Site } from '../../ui/site.ts'
import { type AccessEntry, accessSentence } from './access-words.ts'

export type AccessesProps = {
  site: Site
  session: PageSession
  /** Newest first. */
  entries: AccessEntry[]
  /** Answers with `accessesCsv(entries, messages)`. */
  downloadUrl: string
}

const ICON: Record<AccessEntry['who']['kind'], IconName> = {
  patient: 'it-user',
  doctor: 'it-share',
  ris: 'it-pa',
  desk: 'it-pa',
  system: 'it-info-circle',
  anonymous: 'it-warning-circle',
}

/** "Chi ha visto il mio esame": the audit trail in plain words, by day (S39). */
export function AccessesPage({ site, session, entries, downloadUrl }: AccessesProps) {
  const { accesses: texts, common } = site.messages
  return (
    <Layout site={site} title={texts.title} session={session}>
      <BackLink site={site} href="/referti" words={common.backToList} />
      <h1 class="portal-heading">{texts.heading}</h1>
      <p class="portal-lead">{texts.lead}</p>
      <div class="portal-columns">
        <div>
          {entries.length === 0 && <p>{texts.none}</p>}
          {byDay(entries).map(({ day, acts }) => (
            <section class="portal-day" aria-labelledby={dayId(day)}>
              <h2 id={dayId(day)}>{day}</h2>
              <ul class="portal-acts">
                {acts.map((entry) => (
                  <Act site={site} entry={entry} />
                ))}
              </ul>
            </section>
          ))}
        </div>
        <aside class="portal-aside" aria-label={texts.wrongTitle}>
          {entries.length > 0 && (
            <p>
              <a href={downloadUrl} class="btn btn-outline-primary" download>
                <Icon site={site} name="it-download" />
                {texts.download}
              </a>
              <br />
              <span class="portal-hint">{texts.downloadHint}</span>
            </p>
          )}
          <h2>{texts.wrongTitle}</h2>
          <p>
            {texts.wrong} <a href="/aiuto#contatti">{texts.contacts}</a>.
          </p>
        </aside>
      </div>
    </Layout>
  )
}

function Act({ site, entry }: { site: Site; entry: AccessEntry }) {
  return (
    <li class={`portal-act portal-act-${entry.who.kind}`}>
      <time class="portal-act-time" datetime={entry.at.toISOString()}>
        {formatInstantTime(entry.at)}
      </time>
      <Icon site={site} name={ICON[entry.who.kind]} />
      <div>
        <p>{accessSentence(entry, site.messages)}</p>
        {entry.exam && <p class="portal-act-exam">{entry.exam}</p>}
      </div>
    </li>
  )
}

const dayId = (day: string) => `giorno-${day.replaceAll('/', '-')}`

/** Days as the clock in Italy counts them (S49), in the order the entries came in. */
function byDay(entries: AccessEntry[]): { day: string; acts: AccessEntry[] }[] {
  const days = Map.groupBy(entries, ({ at }) => formatInstantDay(at))
  return [...days].map(([day, acts]) => ({ day, acts }))
}
