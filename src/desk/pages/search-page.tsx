import { formatDay } from '../../ui/format.ts'
import { Icon } from '../../ui/icon.tsx'
import type { VisitLine } from '../lines.ts'
import { PAGE_SIZE } from '../search.ts'
import { DeskLayout, type Frame } from './layout.tsx'
import { StateChips } from './state-chips.tsx'

type Props = {
  frame: Frame
  typed: string
  /** Null before the first search, and where nothing could be searched by. */
  results: { lines: VisitLine[]; page: number; more: boolean } | null
}

/** One box for all there is to search by, and what was found, a visit a line. */
export function SearchPage({ frame, typed, results }: Props) {
  const { site } = frame
  const texts = site.messages.deskVisits.search
  return (
    <DeskLayout {...frame} title={texts.title} here="search">
      <h1>{texts.heading}</h1>
      <form method="post" action="/desk/cerca" class="desk-search">
        <label for="cerca">{texts.label}</label>
        <div>
          <input
            id="cerca"
            name="cerca"
            value={typed}
            maxlength={200}
            autocomplete="off"
            spellcheck={false}
            autocapitalize="off"
            autofocus
            class="portal-input"
            aria-describedby="cerca-hint"
            data-key="c"
          />
          <button type="submit" class="btn btn-primary">
            <Icon site={site} name="it-search" />
            {texts.submit}
          </button>
        </div>
        <p id="cerca-hint" class="desk-muted">
          {texts.hint}
        </p>
      </form>
      <div aria-live="polite">
        {results === null && typed !== '' && <p>{texts.nothing}</p>}
        {results?.lines.length === 0 && <p>{texts.none(typed)}</p>}
      </div>
      {results && results.lines.length > 0 && <Results frame={frame} typed={typed} results={results} />}
    </DeskLayout>
  )
}

function Results({ frame: { site }, typed, results }: Props & { results: NonNullable<Props['results']> }) {
  const texts = site.messages.deskVisits.search
  const { lines, page, more } = results
  const from = page * PAGE_SIZE + 1
  return (
    <>
      <table class="desk-table desk-results">
        <caption>{texts.results(typed, from, from + lines.length - 1)}</caption>
        <thead>
          <tr>
            <th scope="col">{texts.columns.person}</th>
            <th scope="col">{texts.columns.visit}</th>
            <th scope="col">{texts.columns.exams}</th>
            <th scope="col">{texts.columns.state}</th>
          </tr>
        </thead>
        <tbody>
          {lines.map((line) => (
            <Line site={site} line={line} />
          ))}
        </tbody>
      </table>
      <nav class="desk-pages" aria-label={texts.title}>
        {page > 0 && <a href={`/desk/cerca?pagina=${page}`}>← {texts.previous}</a>}
        {more && <a href={`/desk/cerca?pagina=${page + 2}`}>{texts.next} →</a>}
      </nav>
    </>
  )
}

function Line({ site, line }: { site: Frame['site']; line: VisitLine }) {
  const texts = site.messages.deskVisits.search
  const { visit, exams } = line
  const [first, ...others] = exams
  return (
    <tr>
      <th scope="row">
        <a href={`/desk/visite/${visit.id}`}>
          {visit.familyName} {visit.givenName}
        </a>
        <span class="desk-small">{texts.born(visit.sex, formatDay(visit.birthDate))}</span>
      </th>
      <td>
        <span class="desk-number">{visit.accessionNumber}</span>
        <span class="desk-small">{first ? formatDay(first.examDate) : ''}</span>
      </td>
      <td>
        {first?.description}
        {others.length > 0 && <span class="desk-small">{texts.moreExams(others.length)}</span>}
      </td>
      <td>
        <StateChips site={site} line={line} />
      </td>
    </tr>
  )
}
