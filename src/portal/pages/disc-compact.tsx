import type { Medium } from '../../disc/medium.ts'
import { formatSize } from '../../ui/format.ts'
import { Icon } from '../../ui/icon.tsx'
import type { Site } from '../../ui/site.ts'
import { type DiscDownload, Packing } from './disc-packing.tsx'

/** The same disc with its images compressed without loss, for slow lines: on request, being made, or there. */
export type CompactOffer =
  | { state: 'not asked'; approximateBytes: number; action: string }
  | { state: 'preparing'; approximateBytes: number; done: number; total: number }
  | { state: 'ready'; medium: Medium; downloads: DiscDownload[] }

/** Bytes of the compact disc: exact once it is there. */
export function compactBytes(offer: CompactOffer): number {
  return offer.state === 'ready' ? (offer.downloads[0]?.sizeBytes ?? 0) : offer.approximateBytes
}

export function DiscCompact({
  site,
  offer,
  fullBytes,
}: {
  site: Site
  offer: CompactOffer
  fullBytes: number
}) {
  const { compact: texts, media } = site.messages.disc
  const size = formatSize(compactBytes(offer))
  return (
    <section class="portal-card portal-download" id="compact" aria-labelledby="compact-title">
      <h2 id="compact-title">{texts.title}</h2>
      <p>
        {offer.state === 'ready'
          ? texts.exact(size, formatSize(fullBytes))
          : texts.about(size, formatSize(fullBytes))}
        {offer.state === 'ready' && ` ${texts.fitsOn(media[offer.medium])}`}
      </p>
      <p
        class="portal-compact-time"
        data-line-size={String(compactBytes(offer))}
        data-measured={texts.measured('{}')}
      />
      {offer.state === 'not asked' && <Ask site={site} action={offer.action} />}
      {offer.state === 'preparing' && <Making site={site} done={offer.done} total={offer.total} />}
      {offer.state === 'ready' && (
        <ul class="portal-packings" data-packings>
          {offer.downloads.map((download) => (
            <Packing site={site} download={download} recommended={false} compact />
          ))}
        </ul>
      )}
    </section>
  )
}

function Ask({ site, action }: { site: Site; action: string }) {
  const texts = site.messages.disc.compact
  return (
    <form method="post" action={action}>
      <p>{texts.wait}</p>
      <button type="submit" class="btn btn-outline-primary btn-lg portal-big-download">
        <Icon site={site} name="it-box" />
        <span>{texts.ask}</span>
      </button>
    </form>
  )
}

function Making({ site, done, total }: { site: Site; done: number; total: number }) {
  const texts = site.messages.disc.compact
  return (
    <div id="compact-preparing" class="portal-preparing">
      <p role="status">{texts.making}</p>
      <progress
        class="portal-progress"
        max={Math.max(1, total)}
        value={done}
        aria-labelledby="compact-title"
      />
      <p id="compact-count">{site.messages.disc.preparingCount(done, total)}</p>
    </div>
  )
}
