import type { RisDependencies } from '../ris/routes.ts'
import type { Site } from '../ui/site.ts'
import { slipPdf } from './slip.ts'

/** Makes the slips of this portal (S3). */
export function slipFor(site: Site, portalUrl: string): RisDependencies['slip'] {
  return ({ familyName, givenName }, pin1, { printAtOnce = false } = {}) =>
    slipPdf({
      printAtOnce,
      organisation: site.organisation,
      patientName: `${familyName} ${givenName}`,
      pin1,
      portalUrl,
      contacts: site.contacts,
      availableDays: site.availableDays,
      messages: site.messages,
    })
}
