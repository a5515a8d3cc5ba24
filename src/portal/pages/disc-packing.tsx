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
