import { type Delimiters, repetitions, type Segment, valueIn } from './message.ts'

/** Where a value stands: `PID-3[5=MR].1` is component 1 of the repetition of PID-3 whose component 5 is MR. */
export type Path = {
  segment: string
  /** Only segments whose field holds a value: `OBX[3.1=EMAIL]-5`. */
  where: Condition | null
  field: number
  repetition: Omit<Condition, 'field'> | null
  component: number
  subcomponent: number
}

type Condition = { field: number; component: number; subcomponent: number; value: string }

const NUMBER = '(\\d{1,3})'
const PATH = new RegExp(
  `^([A-Z][A-Z0-9]{2})(?:\\[${NUMBER}(?:\\.${NUMBER})?(?:\\.${NUMBER})?=([^\\]]+)\\])?-${NUMBER}` +
    `(?:\\[${NUMBER}(?:\\.${NUMBER})?=([^\\]]+)\\])?(?:\\.${NUMBER})?(?:\\.${NUMBER})?$`,
)

/** Reads a path; null where it is none. */
export function parsePath(text: string): Path | null {
  const found = PATH.exec(text)
  if (!found) return null
  const [, segment = '', f, fc, fs, fv, field, rc, rs, rv, component, subcomponent] = found
  const count = (digits: string | undefined) => Math.max(Number(digits ?? 1), 1)
  return {
    segment,
    where:
      fv === undefined
        ? null
        : { field: Number(f), component: count(fc), subcomponent: count(fs), value: fv },
    field: Number(field),
    repetition: rv === undefined ? null : { component: count(rc), subcomponent: count(rs), value: rv },
    component: count(component),
    subcomponent: count(subcomponent),
  }
}

/** HL7's explicit "delete what you have" (HL7 v2.5 §2.5.3); an empty field says nothing. */
export const NULL_VALUE = '""'

/** Every value that the paths lead to, in their order, without empty ones. */
export function valuesAt(segments: readonly Segment[], paths: readonly Path[], d: Delimiters): string[] {
  return fieldsAt(segments, paths, d).flatMap(({ text, path }) => {
    const value = valueIn(text, path.component, path.subcomponent, d).trim()
    return value === '' ? [] : [value]
  })
}

/** The repetitions of fields that the paths lead to, still escaped, whatever component they name. */
export function fieldsAt(
  segments: readonly Segment[],
  paths: readonly Path[],
  d: Delimiters,
): { text: string; path: Path }[] {
  return paths.flatMap((path) =>
    segments
      .filter((segment) => segment.name === path.segment && holds(segment, path.where, d))
      .flatMap(({ fields }) => repetitions(fields[path.field] ?? '', d))
      .filter((text) => matches(text, path.repetition, d))
      .map((text) => ({ text, path })),
  )
}

/** Is it one of the segments that a path means? */
export function holds({ fields }: Segment, where: Condition | null, d: Delimiters): boolean {
  return where === null || matches(fields[where.field] ?? '', where, d)
}

function matches(text: string, condition: Omit<Condition, 'field'> | null, d: Delimiters): boolean {
  if (condition === null) return true
  const { component, subcomponent, value } = condition
  return valueIn(text, component, subcomponent, d).trim().toUpperCase() === value.toUpperCase()
}
