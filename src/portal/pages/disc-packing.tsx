import { formatSize } from '../../ui/format.ts'
import { Icon } from '../../ui/icon.tsx'
import type { Site } from '../../ui/site.ts'

export type DiscDownload = {
  packing: 'iso' | 'zip'
  url: string
  fileName: string
  /** Exact. */
  sizeBytes: number
}

/** A disc in one packing, to be downloaded. */
export function Packing({
  site,
  download,
  recommended,
  compact = false,
}: {
  site: Site
  download: DiscDownload
  recommended: boolean
  compact?: boolean
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
        <span>{(compact ? texts.compact : texts).downloadAs(packing, formatSize(sizeBytes))}</span>
      </a>
      {!compact && <p>{texts.packings[packing]}</p>}
    </li>
  )
}
