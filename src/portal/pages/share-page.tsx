import { BackLink } from '../../ui/back-link.tsx'
import { Layout } from '../../ui/layout.tsx'
import type { PageSession, Site } from '../../ui/site.ts'
import { type ShareableExam, type ShareErrors, ShareForm, type ShareValues } from './share-form.tsx'
import { type ListedShare, ShareList } from './share-list.tsx'

export type SharePageProps = {
  site: Site
  session: PageSession
  exams: ShareableExam[]
  shares: ListedShare[]
  /** What was typed, when it comes back to be corrected. */
  values?: ShareValues | undefined
  errors?: ShareErrors | undefined
}

/** "Invia referto e immagini al tuo medico di fiducia", and the shares there are (S28, S30). */
export function SharePage({ site, session, exams, shares, values, errors }: SharePageProps) {
  const { sharing, common } = site.messages
  const texts = sharing.list
  const wrong = Object.values(errors ?? {}).some((text) => text !== undefined)
  const title = wrong ? common.errorTitle(texts.title) : texts.title
  return (
    <Layout site={site} title={title} session={session}>
      <BackLink site={site} href="/referti" words={common.backToList} />
      <h1 class="portal-heading">{texts.heading}</h1>
      <p class="portal-lead">{texts.lead}</p>
      <div class="portal-columns">
        <div>
          <ShareForm site={site} exams={exams} values={values} errors={errors} />
          <ShareList site={site} shares={shares} />
        </div>
        <aside class="portal-aside" aria-labelledby="steps-title">
          <h2 id="steps-title">{texts.stepsTitle}</h2>
          <ol>
            {texts.steps.map((step) => (
              <li>{step}</li>
            ))}
          </ol>
          <p>
            <a href="/accessi">{texts.seeAccesses}</a>
          </p>
        </aside>
      </div>
    </Layout>
  )
}
