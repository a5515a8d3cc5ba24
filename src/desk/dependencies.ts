import type { KeyRing } from '../crypto/keys.ts'
import type { Database } from '../database/database.ts'
import type { Inbox } from '../hl7/inbox.ts'
import type { Log } from '../log.ts'
import type { RisDependencies } from '../ris/routes.ts'
import type { Inspection } from '../signature/signature.ts'
import type { StaffOidc } from '../staff/oidc.ts'
import type { Site } from '../ui/site.ts'
import type { VisitRules } from '../visits/visits.ts'

/** What the console is made with. */
export type DeskDependencies = {
  db: Database
  peppers: KeyRing
  encryptionKeys: KeyRing
  rules: VisitRules
  site: Site
  portalUrl: string
  trustedProxies: readonly string[]
  /** Where the console may be used from; empty: from everywhere; null: it is switched off. */
  networks: readonly string[] | null
  provider: { oidc: StaffOidc; name: string } | null
  inspect: (document: Uint8Array) => Promise<Inspection>
  slip: RisDependencies['slip']
  maxReportBytes: number
  /** Takes HL7 messages, and those that were kept. */
  inbox: Inbox
  clock: () => Date
  log: Log
}
