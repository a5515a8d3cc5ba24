import type { Verification } from '../../audit/verify.ts'
import { Field } from '../../ui/form.tsx'
import { formatInstantDay, formatInstantTime } from '../../ui/format.ts'
import { Notice } from '../../ui/notice.tsx'
import type { Site } from '../../ui/site.ts'
import type { TrailEntry, TrailFilter, TrailQuestion } from '../trail.ts'
import { DeskLayout, type Frame } from './layout.tsx'

type Props = {
  frame: Frame
  question: TrailQuestion
  faults: TrailFilter['faults']
  /** Whom one can ask for by name. */
  actors: { actor: string; name: string }[]
  entries: TrailEntry[]
  /** Address of the next older page; null at the end. */
  older: string | null
  exportUrl: string
  verified?: Verification | undefined
  hashFault?: boolean | undefined
}

/** The audit trail: searched by visit, person and time, verified, exported. Nothing clinical stands here. */
export function TrailPage(props: Props) {
  const { frame, question, faults, actors, entries, older, exportUrl } = props
  const { site } = frame
  const texts = site.messages.deskTrail
  const error = (name: keyof TrailQuestion) => faults[name] && texts.faults[faults[name]]
  return (
    <DeskLayout {...frame} title={texts.title} here="trail">
      <h1>{texts.heading}</h1>
      <p class="desk-muted desk-lead">{texts.lead}</p>
      <form method="get" action="/desk/registro" class="desk-card desk-filter">
        <Field
          site={site}
          name="visita"
          label={texts.visit}
          value={question.visit}
          error={error('visit')}
          required={false}
          autofocus
        />
        <div class="portal-field">
          <label for="chi">{texts.actor}</label>
          <select id="chi" name="chi" class="desk-select">
            <option value="">{texts.anyActor}</option>
            {[
              ...Object.entries(texts.actors),
              ...actors.map(({ actor, name }) => [actor, name] as const),
            ].map(([value, words]) => (
              <option value={value} selected={value === question.actor}>
                {words}
              </option>
            ))}
          </select>
        </div>
        <Field
          site={site}
          name="dal"
          label={texts.from}
          value={question.from}
          error={error('from')}
          required={false}
          maxLength={10}
        />
        <Field
          site={site}
          name="al"
          label={texts.to}
          value={question.to}
          error={error('to')}
          required={false}
          maxLength={10}
        />
        <div class="portal-field">
          <label for="operazione">{texts.event}</label>
          <select id="operazione" name="operazione" class="desk-select">
            <option value="">{texts.anyEvent}</option>
            {Object.entries(texts.families).map(([family, words]) => (
              <option value={family} selected={family === question.event}>
                {words}
              </option>
            ))}
          </select>
        </div>
        <p class="desk-exam-acts">
          <button type="submit" class="btn btn-primary desk-slim">
            {texts.submit}
          </button>
          <a href={exportUrl} class="btn btn-outline-primary desk-slim" download>
            {texts.export}
          </a>
        </p>
      </form>
      <Verify {...props} />
      {entries.length === 0 ? <p>{texts.none}</p> : <Rows site={site} entries={entries} />}
      <nav class="desk-pages" aria-label={texts.title}>
        {older && <a href={older}>{texts.older} →</a>}
      </nav>
    </DeskLayout>
  )
}

function Verify({ frame: { site }, verified, hashFault }: Props) {
  const texts = site.messages.deskTrail
  return (
    <form method="post" action="/desk/registro/verifica" class="desk-card desk-verify">
      {verified?.whole === true && (
        <Notice site={site} tone="success" title={texts.whole(verified.rows)}>
          {verified.head && <p class="desk-hash">{texts.head(verified.head.seq, verified.head.hash)}</p>}
        </Notice>
      )}
      {verified?.whole === false && (
        <Notice site={site} tone="danger" title={texts.broken(verified.rows, verified.seq)} alert>
          <p lang="en">{verified.reason}</p>
        </Notice>
      )}
      <Field
        site={site}
        name="impronta"
        label={texts.expected}
        hint={texts.expectedHint}
        error={hashFault ? texts.badHash : undefined}
        required={false}
        maxLength={64}
      />
      <button type="submit" class="btn btn-outline-primary desk-slim">
        {texts.verify}
      </button>
    </form>
  )
}

function Rows({ site, entries }: { site: Site; entries: TrailEntry[] }) {
  const { columns } = site.messages.deskTrail
  return (
    <table class="desk-table desk-trail">
      <thead>
        <tr>
          <th scope="col">{columns.seq}</th>
          <th scope="col">{columns.at}</th>
          <th scope="col">{columns.actor}</th>
          <th scope="col">{columns.event}</th>
          <th scope="col">{columns.visit}</th>
          <th scope="col">{columns.source}</th>
          <th scope="col">{columns.details}</th>
        </tr>
      </thead>
      <tbody>
        {entries.map((entry) => (
          <tr>
            <td data-label={columns.seq}>{entry.seq}</td>
            <td data-label={columns.at} class="desk-number">
              {formatInstantDay(entry.at)} {formatInstantTime(entry.at)}
            </td>
            <td data-label={columns.actor}>{actorWords(entry, site)}</td>
            <td data-label={columns.event}>{eventWords(entry, site)}</td>
            <td data-label={columns.visit}>{entry.accessionNumber ?? ''}</td>
            <td data-label={columns.source}>{entry.source ?? ''}</td>
            <td data-label={columns.details}>{detailWords(entry)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** Who did it, in words. */
export function actorWords({ actor }: TrailEntry, { messages }: Site): string {
  const kind = messages.deskTrail.actors[actor.kind] ?? actor.kind
  return actor.name === null ? kind : `${kind}: ${actor.name}`
}

/** What was done, in words; the event's own name where there are none. */
export const eventWords = ({ event }: TrailEntry, { messages }: Site): string =>
  messages.deskTrail.events[event] ?? event

/** The details that are told, name by name. */
export function detailWords({ details }: TrailEntry): string {
  const told = Object.entries(details).filter(([, value]) => value !== null && value !== '')
  return told.map(([name, value]) => `${name}: ${shortened(String(value))}`).join('; ')
}

// A hash or a list of ids tells nobody more by its whole length.
const shortened = (value: string) => (value.length > 40 ? `${value.slice(0, 12)}…` : value)
