import { formatDay, formatInstantDay } from '../../ui/format.ts'
import { Icon } from '../../ui/icon.tsx'
import type { IconName } from '../../ui/icons.ts'
import type { Site } from '../../ui/site.ts'

export type ListedPublication = {
  id: string
  /** 'YYYY-MM-DD', the last whole day online (S24). */
  availableUntil: string
  exams: { description: string; examDate: string }[]
  /** Are images expected, or there, for this exam at all? */
  hasImages: boolean
  /** 'arriving': some are there, and more are on their way (S8). */
  imagesState: 'none' | 'arriving' | 'ready'
  reportVersion: number
  updatedAt?: Date | undefined
  /** 'YYYY-MM-DD': the doctor is told which report it is (S34). */
  reportDate?: string | undefined
  /** When the patient first saw or downloaded the version that is shown (S39b). */
  collectedAt?: Date | null | undefined
  /** This version or an earlier one was collected. */
  hasReceipt?: boolean | undefined
}

type CardProps = {
  site: Site
  publication: ListedPublication
  forDoctor: boolean
  /** Says above the exams of which day the report is. */
  dated: boolean
}

/** One report with its four actions (S14, S15); for the patient also the receipt and the removal. */
export function PublicationCard({ site, publication, forDoctor, dated }: CardProps) {
  const { reportList: texts, doctor } = site.messages
  const { id, exams, availableUntil, updatedAt, hasImages, imagesState, reportDate } = publication
  const titleId = `exams-${id}`
  const address = `/referti/${encodeURIComponent(id)}`
  const canView = hasImages && imagesState !== 'none'
  // A disc is made of what is complete.
  const canDownload = hasImages && imagesState === 'ready'
  return (
    <article class="portal-card portal-publication" aria-labelledby={titleId}>
      <p class="portal-available">
        <Icon site={site} name="it-calendar" />
        <span>
          {forDoctor ? doctor.list.available : texts.available} <strong>{formatDay(availableUntil)}</strong>
        </span>
      </p>
      {forDoctor && dated && reportDate && (
        <p class="portal-report-of">{doctor.list.reportOf(formatDay(reportDate))}</p>
      )}
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
          words={`${forDoctor ? doctor.list.downloadSigned : texts.downloadSigned}*`}
        />
        {canView && (
          <Action
            site={site}
            about={titleId}
            href={`${address}/immagini`}
            icon="it-camera"
            words={texts.viewImages}
            main
          />
        )}
        {canDownload && (
          <Action
            site={site}
            about={titleId}
            href={`${address}/disco`}
            icon="it-download"
            words={texts.downloadImages}
          />
        )}
      </ul>
      {!canDownload && <p class="portal-images-state">{imagesWords(site, publication)}</p>}
      {!forDoctor && <MoreActions site={site} about={titleId} address={address} publication={publication} />}
    </article>
  )
}

type MoreProps = { site: Site; about: string; address: string; publication: ListedPublication }

/** The discreet ones: receipt (S39b) and removal (S25). */
function MoreActions({ site, about, address, publication: { collectedAt, hasReceipt, exams } }: MoreProps) {
  const texts = site.messages.reportList
  const { removal } = site.features
  if (!hasReceipt && !removal) return null
  return (
    <ul class="portal-more" aria-label={texts.moreLabel(exams.map((exam) => exam.description).join(', '))}>
      {hasReceipt && (
        <li>
          <a href={`${address}/ricevuta.pdf`} aria-describedby={about}>
            <Icon site={site} name="it-file-pdf-ext" />
            {texts.receipt}
          </a>
          {collectedAt && <span class="portal-note">{texts.collected(formatInstantDay(collectedAt))}</span>}
        </li>
      )}
      {removal && (
        <li class="portal-more-remove">
          <a href={`${address}/rimuovi`} aria-describedby={about}>
            <Icon site={site} name="it-delete" />
            {texts.remove}
          </a>
        </li>
      )}
    </ul>
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
