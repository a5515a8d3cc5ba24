import { formatDay } from '../../ui/format.ts'
import type { Site } from '../../ui/site.ts'
import type { VisitLine } from '../lines.ts'

type Tone = 'good' | 'wait' | 'bad' | 'plain'

/** A visit's state in words, each with a colour that says the same (S40: never colour alone). */
export function StateChips({ site, line }: { site: Site; line: VisitLine }) {
  return (
    <ul class="desk-chips">
      {chipsOf(line, site).map(([tone, words]) => (
        <li class={`desk-chip desk-chip-${tone}`}>{words}</li>
      ))}
    </ul>
  )
}

function chipsOf(line: VisitLine, { messages }: Site): [Tone, string][] {
  const texts = messages.deskVisits.line
  const { visit, published, mail, opened } = line
  const chips: [Tone, string | false][] = [
    [
      line.images === 'stable' ? 'good' : line.images === 'not-expected' ? 'plain' : 'wait',
      texts.images[line.images],
    ],
    [line.report === 'delivered' ? 'good' : 'wait', texts.report[line.report]],
    ['bad', !visit.consent && texts.noConsent],
    ['bad', visit.consent && !visit.email && texts.noEmail],
    [
      published === 'online' ? 'good' : 'plain',
      published === 'online'
        ? texts.published.online(formatDay(line.availableUntil ?? ''))
        : texts.published[published],
    ],
    [mail === 'refused' ? 'bad' : mail === 'sent' ? 'good' : 'wait', texts.mail[mail]],
    [opened ? 'good' : 'wait', opened !== null && (opened ? texts.opened : texts.neverOpened)],
    ['bad', line.lockedUntil !== null && texts.locked],
  ]
  return chips.flatMap(([tone, words]) => (words ? [[tone, words] as [Tone, string]] : []))
}
