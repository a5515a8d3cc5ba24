import { Hono } from 'hono'
import { requireViewer } from './access/require-viewer.ts'
import type { DeskDependencies } from './desk/dependencies.ts'
import { deskRoutes } from './desk/desk.tsx'
import { dicomwebRoutes } from './dicomweb/dicomweb.ts'
import { type FhirDependencies, fhirRoutes } from './fhir/fhir.ts'
import { helpRoutes } from './help/routes.tsx'
import { accessLog } from './http/access-log.ts'
import { requireAudiences } from './http/audience.ts'
import { refuseCrossOrigin } from './http/cross-origin.ts'
import { answerError } from './http/errors.tsx'
import { smallForms } from './http/forms.ts'
import { securityHeaders } from './http/headers.ts'
import { healthRoutes } from './http/health.ts'
import { refuseUserInAddress } from './http/request-target.ts'
import { accessRoutes } from './portal/access-routes.tsx'
import type { PortalDependencies } from './portal/dependencies.ts'
import { discRoutes } from './portal/disc-routes.tsx'
import { doctorRoutes } from './portal/doctor-routes.tsx'
import { identityRoutes } from './portal/identity-routes.tsx'
import { dicomwebAuthorisation, imageRoutes } from './portal/image-routes.tsx'
import { quickViewRoutes } from './portal/quick-view-routes.tsx'
import { removalRoutes } from './portal/removal-routes.tsx'
import { reportRoutes } from './portal/report-routes.tsx'
import { sessionOf } from './portal/session.ts'
import { shareRoutes } from './portal/share-routes.tsx'
import { structuredRoutes } from './portal/structured-routes.tsx'
import { trailRoutes } from './portal/trail-routes.tsx'
import { apiDocsRoutes } from './ris/docs.ts'
import { type RisDependencies, risRoutes } from './ris/routes.ts'
import { type Assets, assetRoutes } from './ui/assets.ts'
import type { Logo } from './viewer/logo.ts'
import { viewerRoutes } from './viewer/viewer.ts'

export type AppDependencies = Omit<PortalDependencies, 'requireViewer'> & {
  ris: RisDependencies
  fhir: FhirDependencies
  desk: DeskDependencies
  assets: Assets
  viewerDir: string
  logo: Logo | undefined
}

/** The whole gateway: the order of what every request passes, and every path there is. */
export function createApp(dependencies: AppDependencies): Hono {
  const { db, orthanc, codecs, site, clock, log, portalUrl } = dependencies
  const portal: PortalDependencies = { ...dependencies, requireViewer: requireViewer(db, clock) }
  const app = new Hono()
  app.use(accessLog(log))
  app.use(securityHeaders())
  app.onError((error, c) => answerError(c, error, site, log))
  app.notFound((c) => answerError(c, 'not_found', site, log))

  app.use(refuseUserInAddress())
  // Whoever asks and by whatever proof: nothing that another site makes a browser send changes anything.
  app.use(refuseCrossOrigin(portalUrl))

  // Machines, by API key.
  app.route('/api', apiDocsRoutes({ portalUrl, organisation: site.organisation }))
  app.route('/api/v1', risRoutes(dependencies.ris))
  app.route('/fhir', fhirRoutes(dependencies.fhir))

  // The staff, by a session of their own.
  app.route('/', deskRoutes(dependencies.desk))

  // People, by session cookie.
  app.use(smallForms())
  app.route('/', accessRoutes(portal))
  app.route('/', identityRoutes(portal))
  app.route('/', reportRoutes(portal))
  app.route('/', imageRoutes(portal))
  app.route('/', structuredRoutes(portal))
  app.route('/', quickViewRoutes(portal))
  app.route('/', discRoutes(portal))
  app.route('/', shareRoutes(portal))
  app.route('/', removalRoutes(portal))
  app.route('/', trailRoutes(portal))
  app.route('/', doctorRoutes(portal))
  app.route(
    '/dicomweb',
    dicomwebRoutes({
      orthanc,
      codecs,
      portalUrl,
      clock,
      authorise: dicomwebAuthorisation(portal),
    }),
  )

  // Anybody: texts and static files, nothing of a person.
  app.route('/', helpRoutes(site, sessionOf(db, clock)))
  app.route('/', healthRoutes({ db, orthanc }))
  app.route('/', viewerRoutes({ root: dependencies.viewerDir, logo: dependencies.logo }))
  app.route('/', assetRoutes(dependencies.assets))
  requireAudiences(app.routes)
  return app
}
