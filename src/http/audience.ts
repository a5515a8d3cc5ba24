import type { Act } from '../staff/permissions.ts'

/**
 * Who a route is for. `static`: anybody, and may be stored; `public`: anybody; `sign-in`: anybody, with what proves who
 * they are; `viewer`: a session, of the patient or of a doctor; `patient`: a session of the patient (S34); `ris`: an API
 * key; `staff`: any session of the console; `staff:…`: one whose roles may do that act (src/staff/permissions.ts). Everything but `static` is answered with `Cache-Control: no-store` (S44).
 */
export type Audience =
  | 'static'
  | 'public'
  | 'sign-in'
  | 'viewer'
  | 'patient'
  | 'ris'
  | 'staff'
  | `staff:${Act}`

/** Every route there is and whom it is for: one that is not here does not start (S44, S45). */
export const AUDIENCES: Readonly<Record<string, Audience>> = {
  'GET /api/openapi.json': 'public',
  'GET /api/docs': 'public',
  'GET /api/docs/start.js': 'public',
  'GET /api/docs/:file': 'static',
  'POST /api/v1/visits': 'ris',
  'GET /api/v1/visits/:accessionNumber': 'ris',
  'PATCH /api/v1/visits/:accessionNumber': 'ris',
  'POST /api/v1/visits/:accessionNumber/pin1': 'ris',
  'POST /api/v1/visits/:accessionNumber/pin2': 'ris',
  'POST /api/v1/visits/:accessionNumber/unlock': 'ris',
  'POST /api/v1/visits/:accessionNumber/reports': 'ris',
  'GET /fhir/metadata': 'public',
  'POST /fhir': 'ris',
  'POST /fhir/DiagnosticReport': 'ris',
  'POST /fhir/DocumentReference': 'ris',
  'GET /fhir/Patient': 'ris',
  'POST /fhir/Patient/_search': 'ris',
  'GET /fhir/Patient/:id': 'ris',
  'GET /fhir/ImagingStudy': 'ris',
  'POST /fhir/ImagingStudy/_search': 'ris',
  'GET /fhir/ImagingStudy/:id': 'ris',
  'GET /fhir/DiagnosticReport': 'ris',
  'POST /fhir/DiagnosticReport/_search': 'ris',
  'GET /fhir/DiagnosticReport/:id': 'ris',
  'GET /fhir/DocumentReference': 'ris',
  'POST /fhir/DocumentReference/_search': 'ris',
  'GET /fhir/DocumentReference/:id': 'ris',
  'GET /fhir/Binary/:id': 'ris',

  'GET /': 'public',
  'POST /accesso': 'sign-in',
  'GET /pin2': 'public',
  'POST /pin2': 'sign-in',
  'POST /uscita': 'public',
  'GET /identita': 'sign-in',
  'GET /identita/ritorno': 'sign-in',
  'GET /identita/uscita': 'public',
  'GET /identita/visite': 'patient',
  'POST /identita/visite': 'patient',
  'POST /sessione/attiva': 'viewer',
  'GET /condivisione': 'public',
  'POST /condivisione': 'sign-in',

  'GET /referti': 'viewer',
  'GET /referti/:id': 'viewer',
  'GET /referti/:id/documento.pdf': 'viewer',
  'GET /referti/:id/firmato': 'viewer',
  'GET /referti/:id/immagini': 'viewer',
  'GET /referti/:id/strutturati': 'viewer',
  'GET /referti/:id/rapida': 'viewer',
  'GET /referti/:id/rapida/:file': 'viewer',
  'GET /referti/:id/rapida/:study/:file': 'viewer',
  'GET /referti/:id/disco': 'viewer',
  'GET /referti/:id/disco.iso': 'viewer',
  'GET /referti/:id/disco.zip': 'viewer',
  'POST /referti/:id/disco-compatto': 'viewer',
  'GET /referti/:id/disco-compatto.iso': 'viewer',
  'GET /referti/:id/disco-compatto.zip': 'viewer',
  'GET /linea': 'viewer',
  'GET /dicomweb/*': 'viewer',

  'GET /condivisioni': 'patient',
  'POST /condivisioni': 'patient',
  'POST /condivisioni/correggi': 'patient',
  'POST /condivisioni/conferma': 'patient',
  'GET /condivisioni/:id': 'patient',
  'POST /condivisioni/:id/nuovo-pin': 'patient',
  'POST /condivisioni/:id/annulla': 'patient',
  'GET /referti/:id/rimuovi': 'patient',
  'POST /referti/:id/rimuovi': 'patient',
  'GET /rimuovi': 'patient',
  'POST /rimuovi': 'patient',
  'GET /rimosso': 'public',
  'GET /accessi': 'patient',
  'GET /accessi.csv': 'patient',
  'GET /referti/:id/ricevuta.pdf': 'patient',

  'GET /desk': 'staff',
  'GET /desk/accesso': 'public',
  'POST /desk/accesso': 'sign-in',
  'GET /desk/oidc': 'public',
  'GET /desk/oidc/ritorno': 'sign-in',
  'GET /desk/attivazione': 'public',
  'POST /desk/attivazione': 'sign-in',
  'POST /desk/uscita': 'public',
  'POST /desk/sessione/attiva': 'staff',
  'GET /desk/profilo': 'staff',
  'POST /desk/profilo/password': 'staff',
  'POST /desk/profilo/codici': 'staff',
  'GET /desk/cerca': 'staff:visit.search',
  'POST /desk/cerca': 'staff:visit.search',
  'GET /desk/luoghi/:code': 'staff:visit.register',
  'GET /desk/visite/nuova': 'staff:visit.register',
  'POST /desk/visite': 'staff:visit.register',
  'GET /desk/visite/:id': 'staff:visit.read',
  'GET /desk/visite/:id/correggi': 'staff:visit.change',
  'POST /desk/visite/:id/correggi': 'staff:visit.change',
  'POST /desk/visite/:id/email': 'staff:visit.change',
  'POST /desk/visite/:id/consenso': 'staff:visit.change',
  'POST /desk/visite/:id/pin1': 'staff:pin1.reissue',
  'POST /desk/visite/:id/pin2': 'staff:pin2.renew',
  'POST /desk/visite/:id/sblocca': 'staff:visit.unlock',
  'POST /desk/visite/:id/referto': 'staff:report.upload',
  'POST /desk/visite/:id/esami/:exam/ritira': 'staff:publication.withdraw',
  'POST /desk/visite/:id/esami/:exam/escludi': 'staff:exam.exclude',
  'POST /desk/visite/:id/esami/:exam/includi': 'staff:exam.exclude',
  'GET /desk/visite/:id/esami/:exam/ricevuta': 'staff:receipt.print',
  'GET /desk/fogli/:id': 'staff:pin1.reissue',
  'GET /desk/messaggi': 'staff:message.list',
  'GET /desk/messaggi/:id': 'staff:message.open',
  'POST /desk/messaggi/:id/applica': 'staff:message.replay',
  'GET /desk/messaggi/:id/metti-da-parte': 'staff:message.dismiss',
  'POST /desk/messaggi/:id/metti-da-parte': 'staff:message.dismiss',
  'GET /desk/attenzione': 'staff:attention.read',
  'POST /desk/attenzione': 'staff:attention.dismiss',
  'GET /desk/utenti': 'staff:staff.manage',
  'POST /desk/utenti': 'staff:staff.manage',
  'GET /desk/utenti/:id': 'staff:staff.manage',
  'POST /desk/utenti/:id/ruoli': 'staff:staff.manage',
  'POST /desk/utenti/:id/sblocca': 'staff:staff.manage',
  'POST /desk/utenti/:id/disattiva': 'staff:staff.manage',
  'POST /desk/utenti/:id/riattiva': 'staff:staff.manage',
  'POST /desk/utenti/:id/azzera': 'staff:staff.manage',
  'GET /desk/registro': 'staff:audit.read',
  'GET /desk/registro.csv': 'staff:audit.read',
  'POST /desk/registro/verifica': 'staff:audit.read',

  'GET /aiuto': 'public',
  'GET /privacy': 'public',
  'GET /accessibilita': 'public',
  'GET /health': 'public',
  'GET /viewer/*': 'static',
  'GET /assets/:file{.+}': 'static',
}

type Route = { method: string; path: string }

/** Refuses an app that has a route without a declared audience, or lacks one that is declared. */
export function requireAudiences(routes: readonly Route[]): void {
  // Hono lists middleware as 'ALL'; no handler of ours answers every method.
  const found = new Set(
    routes.filter(({ method }) => method !== 'ALL').map(({ method, path }) => `${method} ${path}`),
  )
  const undeclared = [...found].filter((route) => !(route in AUDIENCES))
  const missing = Object.keys(AUDIENCES).filter((route) => !found.has(route))
  if (undeclared.length > 0 || missing.length > 0) {
    throw new Error(
      `src/http/audience.ts must name every route and no other; not named: ${undeclared.join(', ') || 'none'}; not there: ${missing.join(', ') || 'none'}`,
    )
  }
}
