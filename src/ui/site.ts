import type { Messages } from '../messages/it.ts'

/** How a person reaches the organisation. What is not set is not shown: nothing is invented. */
export type Contacts = {
  phone?: string | undefined
  email?: string | undefined
  openingHours?: string | undefined
  address?: string | undefined
}

/** What every page needs of the place it stands in: settings, texts and the addresses of the assets. */
export type Site = {
  organisation: string
  contacts: Contacts
  /** Days a report stays online (S24). */
  availableDays: number
  messages: Messages
  asset: (name: string) => string
  /** What this installation can do today: the help answers accordingly. */
  features: {
    sharing: boolean
    removal: boolean
    /** PIN2 is told at the desk alone, never by e-mail (S5). */
    pin2AtDesk?: boolean | undefined
    /** What the second way in is called, where there is one: `SPID/CIE`. */
    identity?: string | undefined
  }
  privacy: {
    /** The data controller (titolare del trattamento). */
    controller?: string | undefined
    dataProtectionOfficer?: string | undefined
    /** The organisation's full notice, where it has one of its own. */
    fullNoticeUrl?: string | undefined
  }
  accessibility: {
    /** The statement published on AgID's site (form.agid.gov.it). */
    statementUrl?: string | undefined
    feedbackEmail?: string | undefined
  }
}

/**
 * A signed-in person: pages that have one warn before its idle end (S12). A doctor's pages speak to the doctor, and
 * offer neither sharing nor removal (S34).
 */
export type PageSession = { idleSeconds: number; doctor?: boolean | undefined }
