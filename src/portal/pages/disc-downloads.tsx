import type { Profile } from '../../disc/application-profile.ts'
import type { Medium } from '../../disc/medium.ts'
import { formatDuration, formatSize } from '../../ui/format.ts'
import { Icon } from '../../ui/icon.tsx'
import type { Site } from '../../ui/site.ts'
import { type CompactOffer, compactBytes } from './disc-compact.tsx'
import { type DiscDownload, Packing } from './disc-packing.tsx'

export type ReadyDisc = {
  /** The recommended one first. */
  downloads: DiscDownload[]
  /** The smallest that the ISO fits on. */
  medium: Medium
  /** Of PS3.11; and whether a file over 4 GiB is in it. */
  profile: Profile
  /** The compact variant, where it would be much smaller. */
  compact: CompactOffer | null
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
      <LineEstimate site={site} sizeBytes={first.sizeBytes} compact={disc.compact} />
      <ul class="portal-packings" id="packings">
        {disc.downloads.map((download, index) => (
          <Packing site={site} download={download} recommended={index === 0} />
        ))}
      </ul>
      {disc.profile.hugeFile && <p class="portal-packing-note">{texts.hugeFile}</p>}
      <p class="portal-packing-note">{texts.profile(disc.profile)}</p>
      <p id="disc-started" class="portal-started" role="status" data-words={texts.started} />
    </section>
  )
}

function LineEstimate({
  site,
  sizeBytes,
  compact,
}: {
  site: Site
  sizeBytes: number
  compact: CompactOffer | null
}) {
  const { disc: texts, durations } = site.messages
  const time = (bytes: number, megabits: number) => formatDuration((bytes * 8) / (megabits * 1e6), durations)
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
              {compact && <th scope="col">{texts.compact.column}</th>}
            </tr>
          </thead>
          <tbody>
            {texts.lines.map(({ name, megabits }) => (
              <tr>
                <th scope="row">{name}</th>
                <td>{time(sizeBytes, megabits)}</td>
                {compact && <td>{time(compactBytes(compact), megabits)}</td>}
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </div>
  )
}
