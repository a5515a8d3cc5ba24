import { BackLink } from '../../ui/back-link.tsx'
import { formatDay } from '../../ui/format.ts'
import { Icon } from '../../ui/icon.tsx'
import { Layout } from '../../ui/layout.tsx'
import { Notice } from '../../ui/notice.tsx'
import { PaperCopy } from '../../ui/paper-copy.tsx'
import type { PageSession, Site } from '../../ui/site.ts'

export type RemoveProps = {
  site: Site
  session: PageSession
  exams: { description: string; examDate: string }[]
  /** The whole visit: the PINs die with it. Set it too where the last report is removed. */
  all: boolean
  /** Where the confirmation is posted: '/referti/…/rimuovi' or '/rimuovi'. */
  action: string
  /** How many standing shares end with it. */
  shares: number
}

/** Asked once to confirm: what dies at once, and the paper way that stays (S25). */
export function RemovePage({ site, session, exams, all, action, shares }: RemoveProps) {
  const { removal: texts, common } = site.messages
  return (
    <Layout site={site} title={texts.title} session={session}>
      <BackLink site={site} href="/referti" words={common.backToList} />
      <h1 class="portal-heading">{all && exams.length > 1 ? texts.headingAll : texts.heading}</h1>
      <p class="portal-lead">{all && exams.length > 1 ? texts.leadAll : texts.lead}</p>
      <div class="portal-columns">
        <form method="post" action={action} class="portal-card">
          <h2>{texts.exams}</h2>
          <ul>
            {exams.map(({ description, examDate }) => (
              <li>
                <strong>{description}</strong> – {formatDay(examDate)}
              </li>
            ))}
          </ul>
          <h2>{texts.nowTitle}</h2>
          <ul>
            {[...texts.now, ...(all ? [texts.nowAll] : [])].map((item) => (
              <li>{item}</li>
            ))}
          </ul>
          {shares > 0 && (
            <Notice site={site} tone="warning">
              <p>{texts.shares(shares)}</p>
            </Notice>
          )}
          <div class="portal-form-actions">
            <button type="submit" class="btn btn-danger btn-lg">
              <Icon site={site} name="it-delete" />
              {all && exams.length > 1 ? texts.submitAll : texts.submit}
            </button>
            <a href="/referti">{texts.keep}</a>
          </div>
        </form>
        <div class="portal-aside">
          <h2>{texts.savedTitle}</h2>
          <p>{texts.saved}</p>
          <PaperCopy site={site} />
        </div>
      </div>
    </Layout>
  )
}
