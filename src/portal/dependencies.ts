import type { RequireViewer } from '../access/require-viewer.ts'
import type { KeyRing } from '../crypto/keys.ts'
import type { Database } from '../database/database.ts'
import type { DerivedStore } from '../derived/store.ts'
import type { Identity } from '../identity/identity.ts'
import type { LightViewer } from '../light/light.ts'
import type { Log } from '../log.ts'
import type { Orthanc } from '../orthanc/orthanc.ts'
import type { Codecs } from '../pixels/pixels.ts'
import type { PublishingRules } from '../publications/publications.ts'
import type { Site } from '../ui/site.ts'

/** What the patient's pages are made with. */
export type PortalDependencies = {
  db: Database
  orthanc: Orthanc
  derived: DerivedStore
  codecs: Codecs
  light: LightViewer
  peppers: KeyRing
  rules: PublishingRules
  site: Site
  portalUrl: string
  /** The second way in, by SPID or CIE; null where no provider is configured. */
  identity: Identity | null
  /** Addresses of the viewer's files that its start needs. */
  viewerFiles: readonly string[]
  requireViewer: RequireViewer
  trustedProxies: readonly string[]
  clock: () => Date
  log: Log
}
