import { formatDay, formatInstantDay } from '../../ui/format.ts'
import { Icon } from '../../ui/icon.tsx'
import type { IconName } from '../../ui/icons.ts'
import { Layout } from '../../ui/layout.tsx'
import { Notice } from '../../ui/notice.tsx'
import type { PageSession, Site } from '../../ui/site.ts'

export type ListedPublication = {
  id: string
  /** 'YYYY-MM-DD', the last whole day online (S24). */
  availableUntil: string
  exams: { description: string; examDate: string }[]
  /** Are images expected, or there, for this exam at all? */
  hasImages: boolean
  imagesState: 'none' | 'arriving' | 'ready'
  reportVersion: number
  updatedAt?: Date | undefined
}

export type ReportListProps = {
  site: Site
  session: PageSession
  patient: { familyName: string; givenName: string; birthDate: string }
  publications: ListedPublication[]
}

/** The patient's list of reports with their four actions (S13–S15). */
export function ReportListPage({ site, session, patient, publications }: ReportListProps) {
  const texts = site.messages.reportList
  return (
    <Layout site={site} title={texts.title} session={session}>
      <section class="portal-patient" aria-labelledby="patient-title">
        <h2 id="patient-title">{texts.patient}</h2>
        <p class="portal-patient-name">
          {patient.familyName} {patient.givenName}
        </p>
        <p>
          {texts.birthDate}: {formatDay(patient.birthDate)}
        </p>
      </section>
      <h1 class="portal-list-heading">{texts.heading}</h1>
      {publications.length === 0 ? (
        <Notice site={site} tone="info" title={texts.emptyTitle}>
          <p>{texts.empty}</p>
        </Notice>
      ) : (
        <>
          {publications.map((publication) => (
            <PublicationCard site={site} publication={publication} />
          ))}
          <p class="portal-note">*{texts.legalNote}</p>
          <Notice site={site} tone="info">
            <p>{texts.protect}</p>
          </Notice>
        </>
      )}
      <aside class="portal-help-box" aria-labelledby="help-title">
        <h2 id="help-title">{texts.helpTitle}</h2>
        <p>
          {texts.helpText} <a href="/aiuto">{site.messages.common.footer.faq}</a>
        </p>
      </aside>
    </Layout>
  )
}

function PublicationCard({ site, publication }: { site: Site; publication: ListedPublication }) {
  const texts = site.messages.reportList
  const { id, exams, availableUntil, updatedAt, hasImages, imagesState } = publication
  const titleId = `exams-${id}`
  const address = `/referti/${encodeURIComponent(id)}`
  const imagesReady = hasImages && imagesState === 'ready'
  return (
    <article class="portal-card portal-publication" aria-labelledby={titleId}>
      <p class="portal-available">
        <Icon site={site} name="it-calendar" />
        <span>
          {texts.available} <strong>{formatDay(availableUntil)}</strong>
        </span>
      </p>
      <h2 class="portal-exams" id={titleId}>
        <span class="portal-exams-label">{texts.exams}:</span>
        {exams.map((exam) => (
          <span class="portal-exam">
            {exam.description} – {formatDay(exam.examDate)}
          </span>
        ))}
      </h2>
      {updatedAt && (
        <p class="portal-updated">
          <strong>{texts.updated(formatInstantDay(updatedAt))}</strong>. {texts.updatedMore}
        </p>
      )}
      <ul
        class="portal-actions"
        aria-label={texts.examsLabel(exams.map((exam) => exam.description).join(', '))}
      >
        <Action site={site} about={titleId} href={address} icon="it-file" words={texts.viewReport} main />
        <Action
          site={site}
          about={titleId}
          href={`${address}/firmato`}
          icon="it-file-signed"
          words={`${texts.downloadSigned}*`}
        />
        {imagesReady && (
          <Action
            site={site}
            about={titleId}
            href={`${address}/immagini`}
            icon="it-camera"
            words={texts.viewImages}
            main
          />
        )}
        {imagesReady && (
          <Action
            site={site}
            about={titleId}
            href={`${address}/disco`}
            icon="it-download"
            words={texts.downloadImages}
          />
        )}
      </ul>
      {!imagesReady && <p class="portal-images-state">{imagesWords(site, publication)}</p>}
    </article>
  )
}

function imagesWords(site: Site, { hasImages, imagesState }: ListedPublication): string {
  const texts = site.messages.reportList
  if (!hasImages) return texts.noImages
  return imagesState === 'arriving' ? texts.imagesArriving : texts.imagesNotYet
}

/** `about`: the id of the exams' heading, which tells links of the same words apart. */
type ActionProps = { site: Site; about: string; href: string; icon: IconName; words: string; main?: boolean }

const Action = ({ site, about, href, icon, words, main = false }: ActionProps) => (
  <li>
    <a
      href={href}
      aria-describedby={about}
      class={`btn ${main ? 'btn-primary' : 'btn-outline-primary'} portal-action`}
    >
      <Icon site={site} name={icon} />
      <span>{words}</span>
    </a>
  </li>
)
