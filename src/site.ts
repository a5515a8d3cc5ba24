import type { Config } from './config.ts'
import type { Messages } from './messages/it.ts'
import type { Site } from './ui/site.ts'

/** What the pages need of the configuration. */
export function siteOf(config: Config, messages: Messages, asset: (name: string) => string): Site {
  return {
    organisation: config.organisation,
    contacts: {
      phone: config.organisationPhone,
      email: config.organisationEmail,
      openingHours: config.organisationHours,
      address: config.organisationAddress,
    },
    availableDays: config.availableDays,
    messages,
    asset,
    features: {
      sharing: true,
      removal: true,
      pin2AtDesk: config.pin2Delivery === 'desk',
      identity: config.identity?.name,
    },
    privacy: { controller: config.organisation, dataProtectionOfficer: config.dpoContact },
    accessibility: { feedbackEmail: config.organisationEmail },
  }
}
