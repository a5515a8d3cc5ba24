import { SignatureFacts } from '../../portal/pages/signature-facts.tsx'
import { may } from '../../staff/permissions.ts'
import { formatDay, formatInstantDay, groupPin } from '../../ui/format.ts'
import { Icon } from '../../ui/icon.tsx'
import { Notice } from '../../ui/notice.tsx'
import type { Site } from '../../ui/site.ts'
import type { DeskExam, VisitFacts } from '../visit-facts.ts'
import { Notes } from './attention-page.tsx'
import { DeskLayout, type Frame } from './layout.tsx'
import { StateChips } from './state-chips.tsx'
import { VisitActs } from './visit-acts.tsx'
import { atText, type VisitPageProps } from './words.ts'

/** One visit: who, its state on one line, its exams, and all that can be done. */
export function VisitPage(props: VisitPageProps) {
  const { frame, visit, line, exams, notes, done, fault, slip, pin2 } = props
  const { site } = frame
  const { visit: texts, search } = site.messages.deskVisits
  const name = `${visit.familyName} ${visit.givenName}`
  const doneWords = done && Object.hasOwn(texts.done, done) ? texts.done[done] : undefined
  return (
    <DeskLayout {...frame} title={texts.title(name)} here="search">
      <p class="portal-back">
        <a href="/desk/cerca">
          <Icon site={site} name="it-arrow-left" />
          {search.heading}
        </a>
      </p>
      <div class="desk-head">
        <h1>{name}</h1>
        <p class="desk-muted">
          {search.born(visit.sex, formatDay(visit.birthDate))} ·{' '}
          <span class="desk-number">{visit.accessionNumber}</span>
        </p>
      </div>
      {doneWords && <Notice site={site} tone="success" title={doneWords} />}
      {fault && <Notice site={site} tone="danger" title={fault} alert />}
      {slip && <SlipReady site={site} slip={slip} />}
      {pin2 && (
        <Notice site={site} tone="info" title={texts.pin2Title}>
          <p class="desk-pin">{groupPin(pin2)}</p>
          <p>{texts.pin2Lead}</p>
        </Notice>
      )}
      <StateChips site={site} line={line} />
      <div class="desk-columns">
        <div>
          <PersonFacts {...props} />
          <h2>{texts.exams}</h2>
          {exams.map((exam) => (
            <Exam site={site} frame={frame} visitId={visit.id} exam={exam} />
          ))}
          <Notes site={site} notes={notes} />
        </div>
        <VisitActs {...props} />
      </div>
    </DeskLayout>
  )
}

function SlipReady({ site, slip }: { site: Site; slip: string }) {
  const texts = site.messages.deskVisits.visit.acts
  return (
    <div class="desk-slip">
      <a
        href={`/desk/fogli/${slip}`}
        class="btn btn-primary"
        target="_blank"
        rel="noopener"
        data-key="p"
        aria-keyshortcuts="Alt+P"
        autofocus
      >
        <Icon site={site} name="it-print" />
        {texts.print}
      </a>
      <span class="desk-muted">{texts.printed}</span>
    </div>
  )
}

/** What was corrected here, and which system still holds it otherwise: it is to be corrected there too. */
function Corrections({ visit, site }: { visit: VisitPageProps['visit']; site: Site }) {
  const { visit: texts } = site.messages.deskVisits
  const { fields, line, still } = texts.corrections
  const own: Record<string, unknown> = visit
  const said = Object.entries(visit.heard).map(([sender, { facts }]) => ({
    sender: sender.split('|').filter(Boolean).join(' · '),
    facts: facts as Record<string, unknown>,
  }))
  const corrected = Object.keys(fields).filter((name) => name in visit.corrected)
  if (corrected.length === 0) return null
  return (
    <>
      <dt>{texts.facts.corrected}</dt>
      <dd>
        {corrected.map((name) => (
          <p>
            {line(fields[name] ?? name, atText(visit.corrected[name]?.at ?? '', site))}
            {said.map(({ sender, facts: { [name]: value } }) =>
              typeof value === 'string' && value !== own[name] ? (
                <span class="desk-bad desk-said">
                  {still(sender, name === 'birthDate' ? formatDay(value) : value)}
                </span>
              ) : null,
            )}
          </p>
        ))}
      </dd>
    </>
  )
}

function PersonFacts({ frame: { site, staff }, visit, state }: VisitPageProps) {
  const { facts, ...texts } = site.messages.deskVisits.visit
  const { consent, mail, pin1, pin2 } = state
  const rows: [string, string][] = [
    [facts.birth, [formatDay(visit.birthDate), visit.birthPlace].filter(Boolean).join(', ')],
    [facts.taxCode, visit.taxCode ?? texts.none],
    [facts.patientId, visit.patientId ?? texts.none],
    [facts.registered, atText(state.registeredAt, site)],
    [facts.email, visit.email ?? texts.none],
    [
      facts.consent,
      (consent.given ? texts.consentGiven : texts.consentNot)(atText(consent.at, site), consent.textVersion),
    ],
    [facts.pin1, atText(pin1.issuedAt, site)],
    [facts.pin2, pin2.issuedAt ? texts.pin2Sent(atText(pin2.issuedAt, site)) : texts.pin2None],
    [facts.mail, mailText(mail, site)],
  ]
  return (
    <section class="desk-card" aria-label={texts.person}>
      <dl class="desk-facts">
        {rows.map(([name, value]) => (
          <>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </>
        ))}
        <Corrections visit={visit} site={site} />
      </dl>
      {may(staff.roles, 'visit.change') && (
        <p class="desk-exam-acts">
          <a
            href={`/desk/visite/${visit.id}/correggi`}
            class="btn btn-outline-primary desk-slim"
            data-key="i"
            aria-keyshortcuts="Alt+I"
            title="Alt+I"
          >
            <Icon site={site} name="it-pencil" />
            {texts.correct}
          </a>
        </p>
      )}
    </section>
  )
}

function mailText(mail: VisitFacts['state']['mail'], site: Site): string {
  const { mails } = site.messages.deskVisits.visit
  if (mail.state === 'queued') return mails.queued(mail.attempts)
  if (mail.state === 'sent') return mails.sent(mail.sentAt ? atText(mail.sentAt, site) : '')
  if (mail.state === 'refused') return mails.refused(mail.lastError)
  return mails[mail.state]
}

function Exam({ site, frame, visitId, exam }: { site: Site; frame: Frame; visitId: string; exam: DeskExam }) {
  const { exam: texts, acts } = site.messages.deskVisits.visit
  const { roles } = frame.staff
  const path = `/desk/visite/${visitId}/esami/${exam.id}`
  const online = exam.publication?.online === true
  return (
    <section class="desk-card desk-exam-card" aria-label={exam.description}>
      <h3>
        {exam.description} <span class="desk-muted">{formatDay(exam.date)}</span>
      </h3>
      <dl class="desk-facts">
        <dt>{texts.labels.images}</dt>
        <dd>
          {imagesText(exam, site)}
          {exam.images.warnings.map((warning) => (
            <p class="desk-bad">{texts.warnings[warning]}</p>
          ))}
        </dd>
        <dt>{texts.labels.report}</dt>
        <dd>{reportText(exam, site)}</dd>
        <dt>{texts.labels.publication}</dt>
        <dd>{publicationText(exam, site)}</dd>
        {exam.latest && (
          <>
            <dt>{texts.labels.collected}</dt>
            <dd>{collectedText(exam, site)}</dd>
          </>
        )}
      </dl>
      {exam.report?.atHand && <SignatureFacts site={site} signature={exam.report.signature} />}
      <div class="desk-exam-acts">
        {online && may(roles, 'publication.withdraw') && (
          <form method="post" action={`${path}/ritira`}>
            <button type="submit" class="btn btn-outline-primary desk-slim">
              {acts.withdraw}
            </button>
          </form>
        )}
        {may(roles, 'exam.exclude') && (
          <form method="post" action={`${path}/${exam.excluded ? 'includi' : 'escludi'}`}>
            <button type="submit" class="btn btn-outline-primary desk-slim">
              {exam.excluded ? acts.include : acts.exclude}
            </button>
          </form>
        )}
        {exam.latest && may(roles, 'receipt.print') && (
          <a
            href={`${path}/ricevuta`}
            target="_blank"
            rel="noopener"
            class="btn btn-outline-primary desk-slim"
          >
            {acts.receipt}
          </a>
        )}
      </div>
    </section>
  )
}

function imagesText({ images, imagesExpected }: DeskExam, { messages }: Site): string {
  const { line, visit } = messages.deskVisits
  if (images.state === 'none') return imagesExpected ? line.images.none : line.images['not-expected']
  const state = images.state === 'arriving' ? line.images.arriving : line.images.stable
  return `${state}: ${visit.exam.images(images.studies, images.instances)}`
}

function reportText({ report }: DeskExam, site: Site): string {
  const texts = site.messages.deskVisits.visit.exam
  if (!report) return texts.reportNone
  const told = texts.report(report.version, atText(report.receivedAt, site))
  return report.atHand ? told : `${told}; ${texts.reportDeleted}`
}

function publicationText({ publication, excluded }: DeskExam, site: Site): string {
  const texts = site.messages.deskVisits.visit.exam
  if (excluded) return texts.excluded
  if (!publication) return texts.never
  if (publication.online)
    return texts.published(
      formatInstantDay(new Date(publication.publishedAt)),
      formatDay(publication.availableUntil),
    )
  const by = publication.endedBy ?? 'expiry'
  return texts.ended(
    formatInstantDay(new Date(publication.endedAt ?? publication.publishedAt)),
    texts.endedBy[by],
  )
}

function collectedText({ publication, collected }: DeskExam, site: Site): string {
  const texts = site.messages.deskVisits.visit.exam
  const told = [
    publication?.firstViewedAt && texts.viewed(atText(publication.firstViewedAt, site)),
    publication?.firstDownloadedAt && texts.downloaded(atText(publication.firstDownloadedAt, site)),
    publication?.firstDiscAt && texts.discTaken(atText(publication.firstDiscAt, site)),
  ].filter(Boolean)
  const earlier = collected.flatMap(({ version, supersededAt, at }) =>
    supersededAt ? texts.collectedBefore(version, atText(at, site)) : [],
  )
  return [told.length > 0 ? told.join('; ') : texts.notCollected, ...earlier].join('; ')
}
