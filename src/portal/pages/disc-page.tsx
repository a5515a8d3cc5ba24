import { BackLink } from '../../ui/back-link.tsx'
import { formatDuration, formatSize } from '../../ui/format.ts'
import { Icon } from '../../ui/icon.tsx'
import { Layout } from '../../ui/layout.tsx'
import { Notice } from '../../ui/notice.tsx'
import { RichLine } from '../../ui/rich.tsx'
import type { PageSession, Site } from '../../ui/site.ts'

export type DiscProps = {
  site: Site
  session: PageSession
  publicationId: string
  /** Exact length of the image, once it is planned. */
  sizeBytes: number | null
  downloadUrl: string
  fileName: string
  /** Given while the study is being prepared: the page then refreshes itself. */
  preparing?: { done: number; total: number } | undefined
  backUrl?: string | undefined
}

/** Before the download: size, time on this person's line, contents, how to open it (S21–S23). */
export function DiscPage(props: DiscProps) {
  const { site, session, publicationId, preparing, backUrl = '/referti' } = props
  const { disc: texts, doctor } = site.messages
  const words = session.doctor ? doctor.disc : texts
  return (
    <Layout site={site} title={texts.title} session={session} scripts={['disc.js']}>
      <BackLink site={site} href={backUrl} words={site.messages.common.backToList} />
      <h1 class="portal-heading">{words.heading}</h1>
      <p class="portal-lead">{words.lead}</p>
      <div class="portal-columns">
        <div data-publication={publicationId}>
          <div id="disc">
            {preparing ? (
              <Preparing site={site} publicationId={publicationId} {...preparing} />
            ) : (
              <Download {...props} />
            )}
          </div>
          <Notice site={site} tone="warning" title={texts.protect}>
            <p>{words.protectMore}</p>
          </Notice>
        </div>
        <div class="portal-aside">
          <h2>{texts.containsTitle}</h2>
          <ul>
            {texts.contains.map((item) => (
              <li>{item}</li>
            ))}
          </ul>
          <h2>{texts.openTitle}</h2>
          <dl class="portal-open">
            {texts.open.map(({ system, text }) => (
              <div>
                <dt>{system}</dt>
                <dd>
                  <RichLine text={text} />
                </dd>
              </div>
            ))}
          </dl>
          <p>
            <a href="/aiuto#immagini">{texts.openMore}</a>
          </p>
        </div>
      </div>
    </Layout>
  )
}

function Download({ site, sizeBytes, downloadUrl, fileName }: DiscProps) {
  const texts = site.messages.disc
  return (
    <section class="portal-card portal-download" aria-label={texts.download}>
      <dl class="portal-download-facts">
        <div>
          <dt>{texts.size}</dt>
          <dd>{sizeBytes === null ? texts.sizeUnknown : formatSize(sizeBytes)}</dd>
        </div>
        <div>
          <dt>{texts.file}</dt>
          <dd class="portal-file-name">{fileName}</dd>
        </div>
      </dl>
      {sizeBytes !== null && <LineEstimate site={site} sizeBytes={sizeBytes} />}
      <a
        href={downloadUrl}
        download={fileName}
        id="disc-download"
        class="btn btn-primary btn-lg portal-big-download"
      >
        <Icon site={site} name="it-download" />
        <span>
          {texts.download}
          {sizeBytes !== null && ` (${formatSize(sizeBytes)})`}
        </span>
      </a>
      <p id="disc-started" class="portal-started" role="status" data-words={texts.started} />
    </section>
  )
}

function LineEstimate({ site, sizeBytes }: { site: Site; sizeBytes: number }) {
  const { disc: texts, durations } = site.messages
  return (
    <div class="portal-line" id="line" data-size={String(sizeBytes)} data-probe="/linea">
      <p class="portal-line-measured">
        <Icon site={site} name="it-wifi" />
        <span
          id="line-result"
          role="status"
          data-measuring={texts.measuring}
          data-measured={texts.measured('{}')}
          data-failed={texts.measureFailed}
        />
        <button type="button" id="line-measure" class="btn btn-outline-primary btn-sm" hidden>
          {texts.measure}
        </button>
      </p>
      <details id="line-typical" open>
        <summary>{texts.typical}</summary>
        <table class="portal-table">
          <thead>
            <tr>
              <th scope="col">{texts.line}</th>
              <th scope="col">{texts.time}</th>
            </tr>
          </thead>
          <tbody>
            {texts.lines.map(({ name, megabits }) => (
              <tr>
                <th scope="row">{name}</th>
                <td>{formatDuration((sizeBytes * 8) / (megabits * 1e6), durations)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </div>
  )
}

type PreparingProps = { site: Site; publicationId: string; done: number; total: number }

function Preparing({ site, publicationId, done, total }: PreparingProps) {
  const texts = site.messages.disc
  return (
    <section class="portal-card portal-preparing" id="preparing" aria-labelledby="preparing-title">
      <h2 id="preparing-title">{texts.preparingTitle}</h2>
      <p>{texts.preparing}</p>
      <progress
        class="portal-progress"
        max={Math.max(1, total)}
        value={done}
        aria-labelledby="preparing-title"
      />
      <p id="preparing-count">{texts.preparingCount(done, total)}</p>
      <p>
        <a href={`/referti/${encodeURIComponent(publicationId)}/disco`} class="btn btn-outline-primary">
          <Icon site={site} name="it-refresh" />
          {texts.reload}
        </a>
      </p>
    </section>
  )
}
