import { HelpPage } from '../../src/help/help.tsx'
import { AccessibilityPage, PrivacyPage } from '../../src/help/legal.tsx'
import type { CompactOffer } from '../../src/portal/pages/disc-compact.tsx'
import type { ReadyDisc } from '../../src/portal/pages/disc-downloads.tsx'
import { DiscPage, type DiscProps } from '../../src/portal/pages/disc-page.tsx'
import { LoginPage } from '../../src/portal/pages/login-page.tsx'
import { MessagePage } from '../../src/portal/pages/message-page.tsx'
import { Pin2RequestPage } from '../../src/portal/pages/pin2-request-page.tsx'
import { type ListedPublication, ReportListPage } from '../../src/portal/pages/report-list-page.tsx'
import { type ReportFields, ReportPage, type ReportProps } from '../../src/portal/pages/report-page.tsx'
import type { SignatureReport, SignerReport } from '../../src/signature/signature.ts'
import type { Site } from '../../src/ui/site.ts'
import type { Draw } from './support.tsx'

export const SESSION = { idleSeconds: 900 }
export const PATIENT = { familyName: 'PROVA', givenName: 'MARIA GIUSEPPINA', birthDate: '1960-02-01' }

const SIGNER: SignerReport = {
  name: 'ESEMPIO ANNA',
  taxCode: 'SMPNNA70A41A944X',
  signedAt: '2026-11-20T15:42:00Z',
  signedAtSource: 'claimed',
  timestamp: null,
  unaltered: true,
  trusted: true,
  inValidity: true,
  certificate: {
    issuer: 'Autorità di Certificazione di Esempio',
    serialNumber: '01',
    validFrom: '2025-01-01T00:00:00Z',
    validUntil: '2028-01-01T00:00:00Z',
    expired: false,
  },
  revocation: 'not-revoked',
  covers: 'document',
  problem: null,
}

/** A checked signature, with some facts of its signer changed. */
export const signed = (
  status: SignatureReport['status'] = 'valid',
  changes: Partial<SignerReport> = {},
): SignatureReport => ({
  status,
  signers: status === 'none' ? [] : [{ ...SIGNER, ...changes }],
  timestamps: [],
  checkedAt: '2026-11-21T08:00:00Z',
})

const FIELDS: ReportFields = {
  familyName: 'PROVA',
  givenName: 'MARIA',
  birthPlace: 'Bologna',
  birthDate: '1960-02-01',
  taxCode: 'PRVMRA60B41A944X',
  patientId: '0012345',
  accessionNumber: 'DEMO0001',
  examDate: '2026-11-20',
  exam: 'RM GINOCCHIO DX (ESAME DIRETTO)',
  title: null,
  text: 'Esame eseguito con tecnica standard.\n\nMenischi di morfologia e segnale regolari. Legamenti crociati continui.\nNon versamento articolare.\n\nConclusioni: esame nei limiti.',
  physician: 'Dott.ssa Anna Esempio',
  reportDate: '2026-11-21',
}

export const listed = (changes: Partial<ListedPublication> = {}): ListedPublication => ({
  id: '3f0c1c1e-0000-4000-8000-000000000001',
  availableUntil: '2027-01-05',
  exams: [{ description: 'TC TORACE SENZA MDC', examDate: '2026-11-20' }],
  hasImages: true,
  imagesState: 'ready',
  reportVersion: 1,
  ...changes,
})

export const reportProps = (site: Site, changes: Partial<ReportProps> = {}): ReportProps => ({
  site,
  session: SESSION,
  publicationId: listed().id,
  pdfUrl: '/documento.pdf',
  fields: FIELDS,
  signature: signed(),
  signedUrl: '/referti/1/firmato',
  backUrl: '/referti',
  imagesUrl: '/referti/1/immagini',
  ...changes,
})

export const discProps = (site: Site, changes: Partial<DiscProps> = {}): DiscProps => ({
  site,
  session: SESSION,
  publicationId: listed().id,
  ready: readyDisc(271_483_904),
  ...changes,
})

export const readyDisc = (sizeBytes: number): ReadyDisc => ({
  downloads: (['iso', 'zip'] as const).map((packing) => ({
    packing,
    url: `/referti/1/disco.${packing}`,
    fileName: `esame-2026-11-20.${packing}`,
    sizeBytes,
  })),
  medium: 'CD',
  profile: { names: ['STD-GEN-CD', 'STD-GEN-DVD-JPEG', 'STD-GEN-USB-JPEG'], hugeFile: false, outside: [] },
  compact: null,
})

/** The same, with the compact disc on offer. */
export function withCompact(state: CompactOffer['state'], sizeBytes = 271_483_904): ReadyDisc {
  const approximateBytes = Math.round(sizeBytes * 0.4)
  const offers: Record<CompactOffer['state'], CompactOffer> = {
    'not asked': { state: 'not asked', approximateBytes, action: '/referti/1/disco-compatto' },
    preparing: { state: 'preparing', approximateBytes, done: 120, total: 500 },
    ready: {
      state: 'ready',
      medium: 'CD',
      downloads: readyDisc(approximateBytes - 12_345).downloads.map((download) => ({
        ...download,
        url: download.url.replace('disco.', 'disco-compatto.'),
        fileName: download.fileName.replace('.', '-compatto.'),
      })),
    },
  }
  return { ...readyDisc(sizeBytes), compact: offers[state] }
}

/** Every page, in each of its states, by a name. */
export function samplePages(site: Site): Record<string, Draw> {
  return {
    login: () => <LoginPage site={site} />,
    'login-wrong': () => <LoginPage site={site} error="wrong" pin1="0123-4567-8905" />,
    'login-locked': () => <LoginPage site={site} error={{ lockedUntil: new Date('2026-11-23T14:42:00Z') }} />,
    'login-locked-for-good': () => <LoginPage site={site} error={{ lockedUntil: 'for-good' }} />,
    'login-open': () => <LoginPage site={site} error="open" />,
    'login-idle': () => <LoginPage site={site} error="idle" />,
    pin2: () => <Pin2RequestPage site={site} />,
    'pin2-sent': () => <Pin2RequestPage site={site} sent />,
    list: () => (
      <ReportListPage
        site={site}
        session={SESSION}
        patient={PATIENT}
        publications={[
          listed(),
          listed({
            id: '3f0c1c1e-0000-4000-8000-000000000002',
            exams: [
              { description: 'RM GINOCCHIO DX (ESAME DIRETTO)', examDate: '2026-11-18' },
              { description: 'RADIOGRAFIA DEL GINOCCHIO SOTTO CARICO', examDate: '2026-11-18' },
            ],
            imagesState: 'arriving',
            reportVersion: 2,
            updatedAt: new Date('2026-11-21T09:00:00Z'),
          }),
        ]}
      />
    ),
    'list-empty': () => <ReportListPage site={site} session={SESSION} patient={PATIENT} publications={[]} />,
    'report-pdf': () => <ReportPage {...reportProps(site)} />,
    'report-fields': () => (
      <ReportPage {...reportProps(site, { pdfUrl: null, signature: signed('valid', { trusted: null }) })} />
    ),
    'report-unsigned': () => (
      <ReportPage {...reportProps(site, { pdfUrl: null, signature: signed('none') })} />
    ),
    disc: () => <DiscPage {...discProps(site)} />,
    'disc-huge': () => {
      const { downloads, ...disc } = readyDisc(9_271_483_904)
      const profile = { names: [], hugeFile: true, outside: [] }
      const ready: ReadyDisc = { ...disc, downloads: downloads.toReversed(), medium: 'BD', profile }
      return <DiscPage {...discProps(site, { ready })} />
    },
    'disc-compact': () => <DiscPage {...discProps(site, { ready: withCompact('not asked') })} />,
    'disc-compact-preparing': () => <DiscPage {...discProps(site, { ready: withCompact('preparing') })} />,
    'disc-compact-ready': () => <DiscPage {...discProps(site, { ready: withCompact('ready') })} />,
    'disc-preparing': () => (
      <DiscPage {...discProps(site, { ready: null, preparing: { done: 120, total: 500 } })} />
    ),
    help: () => <HelpPage site={site} />,
    'help-session': () => <HelpPage site={site} session={SESSION} />,
    privacy: () => <PrivacyPage site={site} />,
    accessibility: () => <AccessibilityPage site={site} />,
    'not-found': () => (
      <MessagePage
        site={site}
        {...site.messages.errors.notFound}
        actions={[
          { href: '/referti', words: site.messages.errors.toList },
          { href: '/aiuto', words: site.messages.errors.toHelp },
        ]}
      />
    ),
  }
}
