import { expiryOf, type Letter } from '../../hl7/letters.ts'
import { may } from '../../staff/permissions.ts'
import { BackLink } from '../../ui/back-link.tsx'
import { formatInstantDay, formatInstantTime } from '../../ui/format.ts'
import { Notice } from '../../ui/notice.tsx'
import { DeskLayout, type Frame } from './layout.tsx'

type Told = { tone: 'success' | 'danger'; text: string }

/** The HL7 messages that were not applied: why, and what can be done. */
export function MessagesPage({
  frame,
  letters,
  page,
  more,
  notice,
}: {
  frame: Frame
  letters: Letter[]
  page: number
  more: boolean
  notice: Told | null
}) {
  const { site } = frame
  const texts = site.messages.deskMessages
  return (
    <DeskLayout {...frame} title={texts.title} here="messages">
      <h1>{texts.heading}</h1>
      <p class="desk-muted desk-lead">{texts.lead}</p>
      {notice && (
        <Notice site={site} tone={notice.tone} title={notice.text} alert={notice.tone === 'danger'} />
      )}
      {letters.length === 0 ? (
        <p>{texts.none}</p>
      ) : (
        <table class="desk-table">
          <thead>
            <tr>
              <th scope="col">{texts.columns.message}</th>
              <th scope="col">{texts.columns.received}</th>
              <th scope="col">{texts.columns.reason}</th>
              <th scope="col">{texts.columns.acts}</th>
            </tr>
          </thead>
          <tbody>
            {letters.map((letter) => (
              <Line frame={frame} letter={letter} />
            ))}
          </tbody>
        </table>
      )}
      {(page > 0 || more) && (
        <nav class="desk-pages" aria-label={texts.title}>
          {page > 0 && <a href={`/desk/messaggi?pagina=${page}`}>← {texts.newer}</a>}
          {more && <a href={`/desk/messaggi?pagina=${page + 2}`}>{texts.older} →</a>}
        </nav>
      )}
    </DeskLayout>
  )
}

function Line({ frame: { site, staff }, letter }: { frame: Frame; letter: Letter }) {
  const texts = site.messages.deskMessages
  const { id, type, sender, controlId, receivedAt, attempts, waitingFor, retryAt } = letter
  const address = `/desk/messaggi/${id}`
  return (
    <tr>
      <th scope="row">
        {type}
        <span class="desk-small">{sender.replace('|', ' · ')}</span>
        <span class="desk-small">{texts.controlId(controlId)}</span>
      </th>
      <td>
        {texts.at(formatInstantDay(receivedAt), formatInstantTime(receivedAt))}
        {attempts > 1 && <span class="desk-small">{texts.attempts(attempts)}</span>}
        <span class="desk-small">{texts.until(formatInstantDay(expiryOf(letter)))}</span>
      </td>
      <td>
        <strong>{stateOf(site, letter)}</strong>
        <Reason site={site} letter={letter} />
        {waitingFor.length > 0 && <span class="desk-small">{texts.waitingFor(waitingFor.join(', '))}</span>}
        {retryAt && (
          <span class="desk-small">
            {texts.retryAt(formatInstantDay(retryAt), formatInstantTime(retryAt))}
          </span>
        )}
      </td>
      <td>
        <div class="desk-letter-acts">
          {may(staff.roles, 'message.open') && (
            <a href={address} class="btn btn-outline-primary btn-sm">
              {texts.open}
            </a>
          )}
          <form method="post" action={`${address}/applica`}>
            <button type="submit" class="btn btn-primary btn-sm">
              {texts.replay}
            </button>
          </form>
          <a href={`${address}/metti-da-parte`} class="btn btn-outline-danger btn-sm">
            {texts.dismiss}
          </a>
        </div>
      </td>
    </tr>
  )
}

function stateOf({ messages: { deskMessages: texts } }: Frame['site'], { state, retryAt }: Letter): string {
  if (state !== 'waiting') return texts.refused
  return retryAt ? texts.waitingForUs : texts.waiting
}

function Reason({ site, letter: { answer } }: { site: Frame['site']; letter: Letter }) {
  const texts = site.messages.deskMessages
  const { condition, location, text } = answer
  return (
    <>
      <span class="desk-small">
        {(condition !== undefined && texts.reasons[condition]) || texts.unknownReason}
        {location && ` ${texts.field(location)}.`}
      </span>
      <span class="desk-small" lang="en">
        {text}
      </span>
    </>
  )
}

/** One message as it came, a segment a line. */
export function MessagePage({ frame, letter, lines }: { frame: Frame; letter: Letter; lines: string[] }) {
  const { site } = frame
  const texts = site.messages.deskMessages
  return (
    <DeskLayout {...frame} title={texts.content.title} here="messages">
      <BackLink site={site} href="/desk/messaggi" words={texts.back} />
      <h1>
        {texts.content.title} {letter.type}
      </h1>
      <p class="desk-muted desk-lead">{texts.content.lead}</p>
      <p>
        <strong>{stateOf(site, letter)}</strong>
        <Reason site={site} letter={letter} />
      </p>
      <pre class="desk-message">{lines.join('\n')}</pre>
    </DeskLayout>
  )
}

/** Asks once before a message is put aside for good. */
export function DismissPage({ frame, letter }: { frame: Frame; letter: Letter }) {
  const { site } = frame
  const texts = site.messages.deskMessages
  return (
    <DeskLayout {...frame} title={texts.confirm.title} here="messages">
      <BackLink site={site} href="/desk/messaggi" words={texts.back} />
      <h1>{texts.confirm.title}</h1>
      <p>
        <strong>{letter.type}</strong>, {letter.sender.replace('|', ' · ')},{' '}
        {texts.controlId(letter.controlId)}
      </p>
      <p>{texts.confirm.text}</p>
      <form method="post" action={`/desk/messaggi/${letter.id}/metti-da-parte`}>
        <button type="submit" class="btn btn-danger">
          {texts.confirm.submit}
        </button>{' '}
        <a href="/desk/messaggi" class="btn btn-outline-primary">
          {site.messages.desk.cancel}
        </a>
      </form>
    </DeskLayout>
  )
}
