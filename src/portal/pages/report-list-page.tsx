import { formatDay } from '../../ui/format.ts'
import { Icon } from '../../ui/icon.tsx'
import { Layout } from '../../ui/layout.tsx'
import { Notice } from '../../ui/notice.tsx'
import type { PageSession, Site } from '../../ui/site.ts'
import { type ListedPublication, PublicationCard } from './publication-card.tsx'

export type { ListedPublication }

export type ReportListProps = {
  site: Site
  /** A doctor's session shows the doctor's list (S34). */
  session: PageSession
  patient: { familyName: string; givenName: string; birthDate: string }
  publications: ListedPublication[]
  /** A report of the visit has just been removed (S25). */
  removed?: boolean | undefined
  /** The person came by SPID or CIE and has more visits than this. */
  otherVisits?: boolean | undefined
  /** Files of the viewer, brought while the person still reads the list. */
  viewerFiles?: readonly string[] | undefined
}

/** The list of reports with their four actions: the patient's (S13–S15), or what was shared with a doctor (S34). */
export function ReportListPage({
  site,
  session,
  patient,
  publications,
  removed,
  otherVisits,
  viewerFiles = [],
}: ReportListProps) {
  const { reportList: texts, doctor, removal, common } = site.messages
  const forDoctor = session.doctor === true
  return (
    <Layout
      site={site}
      title={forDoctor ? doctor.list.title : texts.title}
      session={session}
      scripts={['images.js', 'list.js']}
    >
      <div id="viewer-files" hidden data-files={viewerFiles.join(' ')} />
      {removed && (
        <Notice site={site} tone="success" title={removal.done.partTitle} alert>
          <p>{removal.done.part}</p>
        </Notice>
      )}
      <section class="portal-patient" aria-labelledby="patient-title">
        <h2 id="patient-title">{texts.patient}</h2>
        <p class="portal-patient-name">
          {patient.familyName} {patient.givenName}
        </p>
        <p>
          {texts.birthDate}: {formatDay(patient.birthDate)}
        </p>
        {otherVisits && (
          <p>
            <a href="/identita/visite">{site.messages.identity.visits.others}</a>
          </p>
        )}
      </section>
      <h1 class="portal-list-heading">{forDoctor ? doctorHeading(site, publications) : texts.heading}</h1>
      {publications.length === 0 ? (
        <Notice site={site} tone="info" title={texts.emptyTitle}>
          <p>{texts.empty}</p>
        </Notice>
      ) : (
        <>
          {publications.map((publication) => (
            <PublicationCard
              site={site}
              publication={publication}
              forDoctor={forDoctor}
              // With one report the heading says of which day it is.
              dated={publications.length > 1}
            />
          ))}
          <p class="portal-note">*{texts.legalNote}</p>
          {!forDoctor && <VisitActions site={site} removable={publications.length > 1} />}
          <Notice site={site} tone="info">
            <p>{forDoctor ? doctor.list.protect : texts.protect}</p>
          </Notice>
        </>
      )}
      <aside class="portal-help-box" aria-labelledby="help-title">
        <h2 id="help-title">{texts.helpTitle}</h2>
        <p>
          {forDoctor ? doctor.list.helpText : texts.helpText}{' '}
          <a href={forDoctor ? '/aiuto#medico' : '/aiuto'}>{common.footer.faq}</a>
        </p>
      </aside>
    </Layout>
  )
}

function doctorHeading(site: Site, publications: ListedPublication[]): string {
  const texts = site.messages.doctor.list
  const [only, ...others] = publications
  return only?.reportDate && others.length === 0 ? texts.reportOf(formatDay(only.reportDate)) : texts.reports
}

/** What the patient can do with the visit: share it, see who saw it, remove it (S25, S28, S39). */
function VisitActions({ site, removable }: { site: Site; removable: boolean }) {
  const texts = site.messages.reportList
  const { sharing, removal } = site.features
  return (
    <>
      {sharing && (
        <section class="portal-card portal-share-offer" aria-labelledby="share-offer-title">
          <div>
            <h2 id="share-offer-title">{texts.shareTitle}</h2>
            <p>{texts.shareText}</p>
          </div>
          <a href="/condivisioni" class="btn btn-primary portal-action">
            <Icon site={site} name="it-share" />
            <span>{texts.share}</span>
          </a>
        </section>
      )}
      <ul class="portal-visit-links" aria-label={texts.visitLabel}>
        <li>
          <a href="/accessi">
            <Icon site={site} name="it-list" />
            {texts.accesses}
          </a>
        </li>
        {removal && removable && (
          <li>
            <a href="/rimuovi">
              <Icon site={site} name="it-delete" />
              {texts.removeAll}
            </a>
          </li>
        )}
      </ul>
    </>
  )
}
