import { formatInstantDay, formatInstantTime } from '../../ui/format.ts'
import { Notice } from '../../ui/notice.tsx'
import type { Site } from '../../ui/site.ts'
import { type AttentionNote, MATTERS, type Matter, type MatterKind } from '../attention.ts'
import { DeskLayout, type Frame } from './layout.tsx'
import { atText } from './words.ts'

type Props = {
  frame: Frame
  matters: Matter[]
  /** HL7 messages that were not applied; `listed`: this person may see their page. */
  letters: { open: number; expiring: number; listed: boolean }
  notes: AttentionNote[]
  done?: string | undefined
  fault?: string | undefined
}

/** What does not mend itself, by kind: each with its way to act, or to be put aside with a note. */
export function AttentionPage({ frame, matters, letters, notes, done, fault }: Props) {
  const { site } = frame
  const texts = site.messages.deskAttention
  const groups = MATTERS.map((kind) => ({ kind, found: matters.filter((matter) => matter.kind === kind) }))
  return (
    <DeskLayout {...frame} title={texts.title} here="attention">
      <h1>{texts.heading}</h1>
      <p class="desk-muted desk-lead">{texts.lead}</p>
      {done && <Notice site={site} tone="success" title={done} />}
      {fault && <Notice site={site} tone="danger" title={fault} alert />}
      {matters.length + letters.open === 0 && <Notice site={site} tone="success" title={texts.nothing} />}
      {groups.map(({ kind, found }) => found.length > 0 && <Group site={site} kind={kind} found={found} />)}
      {letters.open > 0 && (
        <p>
          {letters.listed ? (
            <a href="/desk/messaggi">{texts.letters(letters.open)}</a>
          ) : (
            texts.lettersElsewhere(letters.open)
          )}
          {letters.expiring > 0 && ` ${texts.lettersExpiring(letters.expiring)}`}
        </p>
      )}
      <Notes site={site} notes={notes} />
    </DeskLayout>
  )
}

function Group({ site, kind, found }: { site: Site; kind: MatterKind; found: Matter[] }) {
  const texts = site.messages.deskAttention
  const words = texts.kinds[kind]
  return (
    <section class="desk-card desk-matters" aria-labelledby={`m-${kind}`}>
      <h2 id={`m-${kind}`}>
        {words.title} <span class="desk-muted">{texts.count(found.length)}</span>
      </h2>
      <p class="desk-muted">{words.help}</p>
      <ul>
        {found.map((matter) => (
          <Row site={site} matter={matter} />
        ))}
      </ul>
    </section>
  )
}

function Row({ site, matter }: { site: Site; matter: Matter }) {
  const texts = site.messages.deskAttention
  const words = texts.kinds[matter.kind]
  const { visit, about, detail, since, key } = matter
  const name = visit?.name ?? about ?? detail ?? ''
  const told = [
    visit?.accessionNumber,
    visit ? about : null,
    detail !== null && words.detail?.(detail),
    texts.since(atText(since.toISOString(), site)),
  ].filter(Boolean)
  const study = matter.kind === 'images-without-visit' ? (key.split(':')[1] ?? '') : null
  const href = visit ? `/desk/visite/${visit.id}` : `/desk/visite/nuova?studio=${study}`
  return (
    <li class="desk-matter">
      <div>
        <strong>{name}</strong>
        <span class="desk-small">{told.join(' · ')}</span>
      </div>
      <div class="desk-matter-acts">
        <a href={href} aria-label={`${words.act}: ${name}`} class="btn btn-outline-primary desk-slim">
          {words.act}
        </a>
        <details>
          <summary>{texts.dismiss}</summary>
          <form method="post" action="/desk/attenzione">
            <input type="hidden" name="caso" value={key} />
            <input
              name="nota"
              required
              maxlength={300}
              autocomplete="off"
              aria-label={texts.noteFor(name)}
              placeholder={texts.note}
              class="portal-input"
            />
            <button type="submit" class="btn btn-primary desk-slim">
              {texts.save}
            </button>
          </form>
        </details>
      </div>
    </li>
  )
}

/** What was put aside, by whom and why. */
export function Notes({ site, notes }: { site: Site; notes: AttentionNote[] }) {
  const texts = site.messages.deskAttention
  const kinds: Partial<Record<string, { title: string }>> = texts.kinds
  if (notes.length === 0) return null
  return (
    <section class="desk-notes" aria-labelledby="note">
      <h2 id="note">{texts.notesTitle}</h2>
      <ul>
        {notes.map(({ at, by, kind, note, visitId }) => (
          <li>
            {visitId ? <a href={`/desk/visite/${visitId}`}>{kinds[kind]?.title}</a> : kinds[kind]?.title}:{' '}
            {note}{' '}
            <span class="desk-muted">
              ({texts.noteBy(by, `${formatInstantDay(at)} ${formatInstantTime(at)}`)})
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}
