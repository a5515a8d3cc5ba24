import { Notice } from './notice.tsx'
import type { Site } from './site.ts'

/** Where the report is collected on paper, with the contacts that are set (S25). */
export function PaperCopy({ site }: { site: Site }) {
  const { removal: texts, common } = site.messages
  const { address, openingHours, phone } = site.contacts
  const words = common.contacts
  return (
    <Notice site={site} tone="info" title={texts.paperTitle}>
      <p>{texts.paper(site.organisation)}</p>
      {address && (
        <p>
          {words.address}: {address}
        </p>
      )}
      {openingHours && (
        <p>
          {words.openingHours}: {openingHours}
        </p>
      )}
      {phone && (
        <p>
          {words.phone}: <a href={`tel:${phone.replace(/[^+0-9]/g, '')}`}>{phone}</a>
        </p>
      )}
    </Notice>
  )
}
