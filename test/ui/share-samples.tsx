import { HelpPage } from '../../src/help/help.tsx'
import type { AccessEntry } from '../../src/portal/pages/access-words.ts'
import { AccessesPage } from '../../src/portal/pages/accesses-page.tsx'
import { DiscPage } from '../../src/portal/pages/disc-page.tsx'
import { DoctorLoginPage } from '../../src/portal/pages/doctor-login-page.tsx'
import { RemovePage } from '../../src/portal/pages/remove-page.tsx'
import { RemovedPage } from '../../src/portal/pages/removed-page.tsx'
import { ReportListPage } from '../../src/portal/pages/report-list-page.tsx'
import { ReportPage } from '../../src/portal/pages/report-page.tsx'
import { ShareConfirmPage } from '../../src/portal/pages/share-confirm-page.tsx'
import type { ListedShare } from '../../src/portal/pages/share-list.tsx'
import { SharePage, type SharePageProps } from '../../src/portal/pages/share-page.tsx'
import { SharePinPage, type SharePinProps } from '../../src/portal/pages/share-pin-page.tsx'
import { qrCode } from '../../src/ui/qr.ts'
import { shareLink } from '../../src/ui/share-link.ts'
import type { Site } from '../../src/ui/site.ts'
import { discProps, listed, PATIENT, reportProps, SESSION } from './samples.tsx'
import type { Draw } from './support.tsx'

export const DOCTOR_SESSION = { idleSeconds: 900, doctor: true }
export const TOKEN = 'q3Vd8wXJb0mC7yTzKf2LrN5sHgPaEuQi9oDk4xZvR1Y'
export const EXAMS = [
  { publicationId: 'p1', description: 'TC TORACE SENZA MDC', examDate: '2026-11-20' },
  { publicationId: 'p2', description: 'RM GINOCCHIO DX (ESAME DIRETTO)', examDate: '2026-11-18' },
]
export const DOCTOR = {
  familyName: 'BIANCHI',
  givenName: 'ANNA LUISA',
  email: 'anna.bianchi@medici.example',
  phone: '+39 051 123 4567',
}
const LONG_DOCTOR = {
  familyName: 'MONTECUCCOLI DEGLI ERRI',
  givenName: 'MASSIMILIANO',
  email: 'massimiliano.montecuccoli-degli-erri@studio-medico-associato-san-petronio.example',
  phone: null,
}

export const share = (changes: Partial<ListedShare> = {}): ListedShare => ({
  id: 's1',
  doctor: DOCTOR,
  exams: EXAMS.map(({ description }) => description),
  availableUntil: '2026-11-28',
  state: 'active',
  mail: 'sent',
  openedAt: null,
  ...changes,
})

const SHARES = [
  share(),
  share({
    id: 's2',
    doctor: LONG_DOCTOR,
    exams: ['TC TORACE SENZA MDC'],
    state: 'suspended',
    openedAt: new Date('2026-11-23T17:05:00Z'),
  }),
  share({ id: 's3', mail: 'refused', exams: ['TC TORACE SENZA MDC'] }),
  share({ id: 's4', state: 'revoked', mail: null }),
  share({ id: 's5', state: 'ended', mail: null, openedAt: new Date('2026-11-10T08:00:00Z') }),
]

export const sharePageProps = (site: Site, changes: Partial<SharePageProps> = {}): SharePageProps => ({
  site,
  session: SESSION,
  exams: EXAMS,
  shares: [],
  ...changes,
})

export function sharePinProps(site: Site, changes: Partial<SharePinProps> = {}): SharePinProps {
  const link = shareLink('https://referti.ospedale.example', TOKEN)
  return {
    site,
    session: SESSION,
    shareId: 's1',
    doctor: DOCTOR,
    pin: '5856183',
    link,
    qr: qrCode(link),
    availableUntil: '2026-11-28',
    created: true,
    ...changes,
  }
}

const at = (time: string) => new Date(`2026-11-${time}Z`)
const patient = { kind: 'patient', name: null } as const
const doctor = { kind: 'doctor', name: 'BIANCHI ANNA LUISA' } as const
const [CHEST = null, KNEE = null] = EXAMS.map(({ description }) => description)

/** Newest first, over midnight in Italy. */
export const ACCESSES: AccessEntry[] = [
  { at: at('23T18:40:00'), who: doctor, event: 'disc.downloaded', exam: CHEST },
  { at: at('23T18:31:00'), who: doctor, event: 'images.viewed', exam: CHEST },
  { at: at('23T18:30:00'), who: doctor, event: 'access.login', exam: null },
  { at: at('23T09:15:00'), who: patient, event: 'share.created', exam: CHEST },
  { at: at('22T23:05:00'), who: patient, event: 'report.viewed', exam: KNEE },
  { at: at('22T22:55:00'), who: patient, event: 'access.login', exam: null },
  { at: at('22T22:50:00'), who: { kind: 'anonymous', name: null }, event: 'access.failed', exam: null },
  { at: at('22T08:00:00'), who: { kind: 'ris', name: 'ris' }, event: 'visit.read', exam: null },
  { at: at('22T07:00:00'), who: { kind: 'system', name: null }, event: 'publication.published', exam: KNEE },
]

/** The pages of sharing, removal and accesses, in each of their states. */
export function shareSamples(without: Site): Record<string, Draw> {
  const site = { ...without, features: { sharing: true, removal: true } }
  const list = { site, session: SESSION, patient: PATIENT }
  const collected = listed({ collectedAt: new Date('2026-11-22T09:00:00Z'), hasReceipt: true })
  const other = listed({
    id: 'p2',
    exams: [{ description: 'RM GINOCCHIO DX (ESAME DIRETTO)', examDate: '2026-11-18' }],
    reportDate: '2026-11-21',
  })
  const wrong = { cognome: '', nome: 'ANNA', email: 'anna@', telefono: '', esami: [] }
  const { errors } = site.messages.sharing.list
  return {
    'list-full': () => <ReportListPage {...list} publications={[collected, other]} />,
    'list-removed': () => <ReportListPage {...list} publications={[collected]} removed />,
    'doctor-list': () => (
      <ReportListPage
        {...list}
        session={DOCTOR_SESSION}
        publications={[{ ...collected, reportDate: '2026-11-21' }]}
      />
    ),
    'doctor-list-two': () => (
      <ReportListPage
        {...list}
        session={DOCTOR_SESSION}
        publications={[{ ...collected, reportDate: '2026-11-21' }, other]}
      />
    ),
    'doctor-report': () => <ReportPage {...reportProps(site, { session: DOCTOR_SESSION, pdfUrl: null })} />,
    'doctor-disc': () => <DiscPage {...discProps(site, { session: DOCTOR_SESSION })} />,
    share: () => <SharePage {...sharePageProps(site)} />,
    'share-one': () => <SharePage {...sharePageProps(site, { exams: EXAMS.slice(0, 1) })} />,
    'share-list': () => <SharePage {...sharePageProps(site, { shares: SHARES })} />,
    'share-wrong': () => (
      <SharePage
        {...sharePageProps(site, {
          values: wrong,
          errors: { cognome: errors.cognome, email: errors.email, esami: errors.esami },
        })}
      />
    ),
    'share-confirm': () => (
      <ShareConfirmPage
        site={site}
        session={SESSION}
        doctor={LONG_DOCTOR}
        exams={EXAMS}
        availableUntil="2026-11-28"
        requestId="r1"
      />
    ),
    'share-pin': () => <SharePinPage {...sharePinProps(site)} />,
    'share-pin-again': () => (
      <SharePinPage {...sharePinProps(site, { created: false, doctor: LONG_DOCTOR })} />
    ),
    remove: () => (
      <RemovePage
        site={site}
        session={SESSION}
        exams={EXAMS.slice(0, 1)}
        all={false}
        action="/referti/p1/rimuovi"
        shares={1}
      />
    ),
    'remove-all': () => (
      <RemovePage site={site} session={SESSION} exams={EXAMS} all action="/rimuovi" shares={2} />
    ),
    removed: () => <RemovedPage site={site} />,
    accesses: () => (
      <AccessesPage site={site} session={SESSION} entries={ACCESSES} downloadUrl="/accessi.csv" />
    ),
    'accesses-none': () => (
      <AccessesPage site={site} session={SESSION} entries={[]} downloadUrl="/accessi.csv" />
    ),
    'doctor-login': () => <DoctorLoginPage site={site} />,
    'doctor-login-wrong': () => <DoctorLoginPage site={site} error="wrong" token={TOKEN} />,
    'doctor-login-suspended': () => <DoctorLoginPage site={site} error="suspended" token={TOKEN} />,
    'doctor-login-locked': () => (
      <DoctorLoginPage site={site} error={{ lockedUntil: new Date('2026-11-23T14:42:00Z') }} token={TOKEN} />
    ),
    'doctor-login-over': () => <DoctorLoginPage site={site} error="session-over" />,
    'help-complete': () => <HelpPage site={site} />,
    'help-doctor': () => <HelpPage site={site} session={DOCTOR_SESSION} />,
  }
}
