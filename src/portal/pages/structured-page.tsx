import type { StructuredReport } from '../../pacs/content-tree.ts'
import { BackLink } from '../../ui/back-link.tsx'
import { formatDay } from '../../ui/format.ts'
import { Layout } from '../../ui/layout.tsx'
import type { PageSession, Site } from '../../ui/site.ts'

type Props = {
  site: Site
  session: PageSession
  exam: string
  examDate: string
  backUrl: string
  /** null: it cannot be read. */
  reports: (StructuredReport | null)[]
}

/** The structured reports of an exam as text, under the names that their makers gave. */
export function StructuredPage({ site, session, exam, examDate, backUrl, reports }: Props) {
  const texts = site.messages.structured
  return (
    <Layout site={site} title={texts.title} session={session}>
      <BackLink site={site} href={backUrl} words={texts.back} />
      <div class="portal-report-head">
        <h1 class="portal-heading">{texts.heading}</h1>
        <p class="portal-lead">
          {exam} – {formatDay(examDate)}
        </p>
      </div>
      <p>{texts.lead}</p>
      {reports.map((report) => (
        <Document site={site} report={report} />
      ))}
    </Layout>
  )
}

function Document({ site, report }: { site: Site; report: StructuredReport | null }) {
  const texts = site.messages.structured
  if (!report) return <article class="portal-sheet portal-structured">{texts.unreadable}</article>
  const { title, date, authors, verifiers, verification, completion, lines } = report
  const who = verifiers.filter(Boolean).join(', ')
  const day = /^\d{8}$/.test(date) ? `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}` : null
  const state = [
    completion === 'COMPLETE' ? texts.complete : completion === 'PARTIAL' ? texts.partial : '',
    verification === 'VERIFIED' ? texts.verified(who) : texts.unverified,
  ]
  const facts: [string, string][] = [
    [texts.date, day ? formatDay(day) : ''],
    [texts.author, authors.filter(Boolean).join(', ')],
    [texts.state, state.filter(Boolean).join(', ')],
  ]
  return (
    <article class="portal-sheet portal-structured">
      <h2>{title || texts.untitled}</h2>
      <dl class="portal-facts">
        {facts.map(
          ([name, value]) =>
            value !== '' && (
              <div>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ),
        )}
      </dl>
      {lines.length === 0 && <p>{texts.empty}</p>}
      <ul class="portal-structured-lines">
        {lines.map(({ depth, label, value, heading }) => (
          <li class={`portal-structured-${Math.min(depth, 5)}`}>
            {heading ? (
              <strong>{label}</strong>
            ) : (
              label && <span class="portal-structured-label">{label}: </span>
            )}
            {value !== '' && <span class="portal-sheet-text">{value}</span>}
          </li>
        ))}
      </ul>
    </article>
  )
}
