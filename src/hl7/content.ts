import { refusalOf } from '../reports/reports.ts'
import type { Intake } from './call.ts'
import { type Document, documentIn, isEncapsulated } from './document.ts'
import type { Mapping } from './mapping.ts'
import { type Delimiters, repetitions, type Segment, unescapeText } from './message.ts'
import { holds, type Path } from './path.ts'
import { Hl7Refusal, inWords } from './refusal.ts'

/** What a result tells of an exam: a document, a text, both, or nothing. */
export type Content = { document: Document | null; text: string }

const MAX_TEXT = 200_000
// HL7 table 0125; vendors leave it out.
const TEXT_TYPES = new Set(['TX', 'FT', 'ST', ''])

/** Reads the report of a result's segments; refuses what cannot be taken as one (S19). */
export async function contentOf(
  segments: readonly Segment[],
  d: Delimiters,
  { mapping, maxReportBytes, inspect }: Pick<Intake, 'mapping' | 'maxReportBytes' | 'inspect'>,
): Promise<Content> {
  const text = textOf(segments, d, mapping)
  if (text.length > MAX_TEXT)
    throw new Hl7Refusal('AE', 102, `The text is longer than ${MAX_TEXT} characters.`, { location: 'OBX-5' })
  const document = await documentIn(segments, d, { maxBytes: maxReportBytes, inspect })
  const refused = document && refusalOf(document.inspection, 'text')
  if (refused) throw inWords(refused)
  return { document, text }
}

/** The text of OBX segments of type TX, FT, ST and the like: a line each repetition, in the order they came. */
function textOf(segments: readonly Segment[], d: Delimiters, mapping: Mapping): string {
  const others = placesOfOthers(mapping)
  return segments
    .flatMap((segment) => {
      const place = mapping.text.find(({ segment: name, where }) => isAt(segment, name, where, d))
      // A value of something else, such as the e-mail or the consent in an OBX, is not for the reader.
      if (!place || others.some(({ segment: name, where }) => isAt(segment, name, where, d))) return []
      if (segment.name === 'OBX' && (!isText(segment) || isEncapsulated(segment, d))) return []
      return repetitions(segment.fields[place.field] ?? '', d).map((line) => unescapeText(line, d).trimEnd())
    })
    .join('\n')
    .replaceAll('\0', '')
    .trim()
}

const isText = ({ fields }: Segment) => TEXT_TYPES.has((fields[2] ?? '').trim().toUpperCase())

const isAt = (segment: Segment, name: string, where: Path['where'], d: Delimiters) =>
  segment.name === name && holds(segment, where, d)

/** The OBX whose value the mapping names as something other than the text. */
function placesOfOthers({ text: _text, ...others }: Mapping): Path[] {
  return Object.values(others)
    .flatMap((value): (Path | string)[] => (Array.isArray(value) ? value : []))
    .filter((value) => typeof value !== 'string')
    .filter(({ segment, where, field }) => segment === 'OBX' && where !== null && field === 5)
}
