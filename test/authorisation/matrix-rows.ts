import { randomUUID } from 'node:crypto'
import type { ExamObject } from './world.ts'

/** One route, asked for by everybody and of everything. */
export type Row = {
  /** As src/http/audience.ts names it: whether a doctor may (S34) stands there. */
  route: string
  note?: string
  path: (exam: ExamObject) => string
  form?: (exam: ExamObject) => Record<string, string>
  /** It names no object: the session alone says whose data it shows. */
  ofSession?: true
  /** The answer to who may; left out where the act itself is tested elsewhere. */
  own?: number
  /** The answer to who may holds the exam's mark: that no other's is in it means something. */
  shows?: true
}

export const STUDY = (exam: ExamObject) => `/dicomweb/studies/${exam.study}`
const SERIES = (exam: ExamObject) => `${STUDY(exam)}/series/${exam.series}`
const INSTANCE = (exam: ExamObject) => `${SERIES(exam)}/instances/${exam.instance}`
export const REPORT = (exam: ExamObject) => `/referti/${exam.publicationId}`
export const SHARE = (exam: ExamObject) => `/condivisioni/${exam.shareId}`
const DOCTOR = { cognome: 'Neri', nome: 'Ada', email: 'ada@example.org', telefono: '' }

const dicomweb = (base: (exam: ExamObject) => string, name: string, rest: string): Row => ({
  route: 'GET /dicomweb/*',
  note: `${name}${rest}`,
  path: (exam) => base(exam) + rest,
  own: 200,
})
const report = (rest: string, own = 200, pattern = rest): Row => ({
  route: `GET /referti/:id${pattern}`,
  path: (exam) => REPORT(exam) + rest,
  own,
})
/** An act on an exam, a share or the visit; `own` where it does no harm to the tests after it. */
const act = (route: string, path: Row['path'], more: Partial<Row> = {}): Row => ({
  route: `POST ${route}`,
  path,
  ...more,
})
const ofSession = (route: string, more: Partial<Row> = { own: 200 }): Row => ({
  route,
  path: () => route.split(' ')[1] ?? '',
  ofSession: true,
  ...more,
})

/** Every route that a session opens, and every path of DICOMweb: the matrix's first test sees to it. */
export const ROWS: Row[] = [
  { ...dicomweb(() => '/dicomweb/studies', 'studies', ''), ofSession: true },
  dicomweb(STUDY, 'study', '/series'),
  dicomweb(STUDY, 'study', '/instances'),
  dicomweb(SERIES, 'series', '/instances'),
  dicomweb(STUDY, 'study', ''),
  dicomweb(SERIES, 'series', ''),
  dicomweb(INSTANCE, 'instance', ''),
  { ...dicomweb(STUDY, 'study', '/metadata'), shows: true },
  { ...dicomweb(SERIES, 'series', '/metadata'), shows: true },
  { ...dicomweb(INSTANCE, 'instance', '/metadata'), shows: true },
  dicomweb(INSTANCE, 'instance', '/frames/1'),
  dicomweb(STUDY, 'study', '/rendered'),
  dicomweb(SERIES, 'series', '/rendered'),
  dicomweb(INSTANCE, 'instance', '/rendered'),
  dicomweb(INSTANCE, 'instance', '/frames/1/rendered'),
  dicomweb(STUDY, 'study', '/thumbnail'),
  dicomweb(SERIES, 'series', '/thumbnail'),
  dicomweb(INSTANCE, 'instance', '/frames/1/thumbnail'),
  dicomweb(INSTANCE, 'instance', '/thumbnail'),
  { ...dicomweb(INSTANCE, 'instance', '/bulk/7FE00010'), shows: true },
  { ...ofSession('GET /referti'), shows: true },
  { ...report(''), shows: true },
  report('/documento.pdf'),
  report('/firmato'),
  { ...report('/strutturati'), shows: true },
  report('/immagini', 303),
  report('/rapida'),
  { ...report('/rapida/EXAM.JS', 200, '/rapida/:file'), shows: true },
  { ...report('/rapida/ST000000/INDEX.JS', 200, '/rapida/:study/:file'), shows: true },
  report('/rapida/ST000000/S0000000.JS', 200, '/rapida/:study/:file'),
  report('/disco'),
  { ...report('/disco.iso'), shows: true },
  report('/disco.zip'),
  // Nobody has asked for it yet.
  report('/disco-compatto.iso', 503),
  report('/disco-compatto.zip', 503),
  act('/referti/:id/disco-compatto', (e) => `${REPORT(e)}/disco-compatto`, { own: 303 }),
  report('/rimuovi'),
  report('/ricevuta.pdf'),
  act('/referti/:id/rimuovi', (e) => `${REPORT(e)}/rimuovi`),
  { ...ofSession('GET /rimuovi'), shows: true },
  ofSession('POST /rimuovi', {}),
  { ...ofSession('GET /condivisioni'), shows: true },
  { route: 'GET /condivisioni/:id', path: SHARE, own: 200 },
  act('/condivisioni/:id/nuovo-pin', (e) => `${SHARE(e)}/nuovo-pin`),
  act('/condivisioni/:id/annulla', (e) => `${SHARE(e)}/annulla`),
  act('/condivisioni', () => '/condivisioni', {
    note: 'esami=',
    form: (e) => ({ ...DOCTOR, esami: e.publicationId, richiesta: randomUUID() }),
  }),
  act('/condivisioni/conferma', () => '/condivisioni/conferma', {
    note: 'esami=',
    form: (e) => ({ ...DOCTOR, esami: e.publicationId }),
    own: 200,
    shows: true,
  }),
  // The form once more, of which it takes no exam that is not the session's.
  act('/condivisioni/correggi', () => '/condivisioni/correggi', {
    note: 'esami=',
    form: (e) => ({ ...DOCTOR, esami: e.publicationId }),
    ofSession: true,
    own: 200,
    shows: true,
  }),
  { ...ofSession('GET /accessi'), shows: true },
  { ...ofSession('GET /accessi.csv'), shows: true },
  ofSession('GET /linea'),
  ofSession('POST /sessione/attiva', { own: 204 }),
  // For who came by SPID or CIE alone: with PINs it is not there.
  ofSession('GET /identita/visite', { own: 404 }),
  ofSession('POST /identita/visite', { own: 404 }),
]
