import type { Medium } from '../../disc/medium.ts'
import { formatDuration, formatSize } from '../../ui/format.ts'
import { Icon } from '../../ui/icon.tsx'
import type { Site } from '../../ui/site.ts'

type DiscDownload = {
  packing: 'iso' | 'zip'
  url: string
  fileName: string
  /** Exact. */
  sizeBytes: number
}

export type ReadyDisc = {
  /** The recommended one first. */
  downloads: DiscDownload[]
  /** The smallest that the ISO fits on. */
  medium: Medium
  /** Application profile of PS3.11, if it conforms to one. */
  profile: string | null
  /** A file over 4 GiB is in it. */
  hugeFile: boolean
}

/** What there is to download: size, what it fits on, time on this person's line, the ISO and the ZIP (S21–S23). */
export function DiscDownloads({ site, disc }: { site: Site; disc: ReadyDisc }) {
  const texts = site.messages.disc
  const [first] = disc.downloads
  if (!first) return null
  return (
    <section class="portal-card portal-download" aria-label={texts.title}>
      <dl class="portal-download-facts">
        <div>
          <dt>{texts.size}</dt>
          <dd>{formatSize(first.sizeBytes)}</dd>
        </div>
        <div>
          <dt>{texts.fitsOn}</dt>
          <dd class="portal-medium">{texts.media[disc.medium]}</dd>
        </div>
      </dl>
      <LineEstimate site={site} sizeBytes={first.sizeBytes} />
      <ul class="portal-packings" id="packings">
        {disc.downloads.map((download, index) => (
          <Packing site={site} download={download} recommended={index === 0} />
        ))}
      </ul>
      {disc.hugeFile && <p class="portal-packing-note">{texts.hugeFile}</p>}
      <p class="portal-packing-note">{texts.profile(disc.profile)}</p>
      <p id="disc-started" class="portal-started" role="status" data-words={texts.started} />
    </section>
  )
}

function Packing({
  site,
  download,
  recommended,
}: {
  site: Site
  download: DiscDownload
  recommended: boolean
}) {
  const texts = site.messages.disc
  const { packing, url, fileName, sizeBytes } = download
  return (
    <li data-packing={packing}>
      <p class="portal-recommended" hidden={!recommended}>
        {texts.recommended}
      </p>
      <a
        href={url}
        download={fileName}
        data-download
        class={`btn btn-lg portal-big-download ${recommended ? 'btn-primary' : 'btn-outline-primary'}`}
      >
        <Icon site={site} name="it-download" />
        <span>{texts.downloadAs(packing, formatSize(sizeBytes))}</span>
      </a>
      <p>{texts.packings[packing]}</p>
    </li>
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
