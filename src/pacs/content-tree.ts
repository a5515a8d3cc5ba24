/** A structured report (PS3.3 §A.35) as lines of text, in the order and depth of its content tree. */
export type StructuredReport = {
  title: string
  /** 'COMPLETE' or 'PARTIAL', 'VERIFIED' or 'UNVERIFIED', as the object says. */
  completion: string
  verification: string
  /** 'YYYYMMDD'. */
  date: string
  authors: string[]
  verifiers: string[]
  lines: StructuredLine[]
}

type StructuredLine = { depth: number; label: string; value: string; heading: boolean }

/** A Data Set as far as the tree needs it, whoever read it: the gateway from a file, the light viewer from its own records. */
export type ContentNode = {
  text: (tag: number) => string
  items: (tag: number) => ContentNode[]
}

const TAG = {
  contentDate: 0x00080023,
  codeMeaning: 0x00080104,
  measuredValue: 0x0040a300,
  numericValue: 0x0040a30a,
  unit: 0x004008ea,
  codeValue: 0x00080100,
  verifierName: 0x0040a075,
  valueType: 0x0040a040,
  conceptName: 0x0040a043,
  verifiers: 0x0040a073,
  authors: 0x0040a078,
  dateTime: 0x0040a120,
  date: 0x0040a121,
  time: 0x0040a122,
  personName: 0x0040a123,
  text: 0x0040a160,
  code: 0x0040a168,
  completion: 0x0040a491,
  verification: 0x0040a493,
  content: 0x0040a730,
} as const

const MAX_LINES = 2_000
const DEEPEST = 12

/** What a structured report says. Numbers are written with `decimal`. */
export function structuredReportOf(root: ContentNode, decimal: ',' | '.'): StructuredReport {
  const lines: StructuredLine[] = []
  for (const item of root.items(TAG.content)) addLines(item, 0, decimal, lines)
  return {
    title: meaning(root, TAG.conceptName),
    completion: root.text(TAG.completion),
    verification: root.text(TAG.verification),
    date: root.text(TAG.contentDate),
    authors: root.items(TAG.authors).map((author) => personOf(author.text(TAG.personName))),
    verifiers: root.items(TAG.verifiers).map((verifier) => personOf(verifier.text(TAG.verifierName))),
    lines,
  }
}

function addLines(item: ContentNode, depth: number, decimal: ',' | '.', lines: StructuredLine[]): void {
  if (lines.length >= MAX_LINES || depth > DEEPEST) return
  const type = item.text(TAG.valueType)
  // What qualifies the item above it, such as its language or its observer, is shown with it; a reference by number is not.
  const label = meaning(item, TAG.conceptName)
  const value = shownValue(item, type, decimal)
  const isContainer = type === 'CONTAINER'
  const shown = isContainer ? label !== '' : value !== ''
  if (shown) lines.push({ depth, label, value, heading: isContainer })
  for (const child of item.items(TAG.content)) addLines(child, shown ? depth + 1 : depth, decimal, lines)
}

// PS3.3 table C.17.3-7. Images, coordinates and references are for viewers: nothing of them reads as text.
function shownValue(item: ContentNode, type: string, decimal: ',' | '.'): string {
  switch (type) {
    case 'TEXT':
      return item.text(TAG.text).replaceAll(/\r\n?/g, '\n')
    case 'CODE':
      return meaning(item, TAG.code)
    case 'NUM': {
      const [measured] = item.items(TAG.measuredValue)
      const [unit] = measured?.items(TAG.unit) ?? []
      const code = unit?.text(TAG.codeValue) ?? ''
      // UCUM's unit of no dimension, or words of what is counted.
      const named = code === '1' || code.startsWith('{') ? '' : code
      const value = measured?.text(TAG.numericValue).replace('.', decimal) ?? ''
      return [value, named].filter(Boolean).join(' ')
    }
    case 'PNAME':
      return personOf(item.text(TAG.personName))
    case 'DATE':
      return dayOf(item.text(TAG.date))
    case 'TIME':
      return timeOf(item.text(TAG.time))
    case 'DATETIME': {
      const text = item.text(TAG.dateTime)
      return [dayOf(text.slice(0, 8)), timeOf(text.slice(8))].filter(Boolean).join(' ')
    }
    default:
      return ''
  }
}

function meaning(node: ContentNode, tag: number): string {
  const [code] = node.items(tag)
  return code?.text(TAG.codeMeaning) ?? ''
}

// PS3.5 §6.2.1: family^given^middle^prefix^suffix, the alphabetic group alone.
function personOf(name: string): string {
  const [family = '', given = '', middle = '', prefix = '', suffix = ''] = (name.split('=')[0] ?? '').split(
    '^',
  )
  return [prefix, given, middle, family, suffix]
    .map((part) => part.trim())
    .filter(Boolean)
    .join(' ')
}

const dayOf = (text: string) =>
  /^\d{8}$/.test(text) ? `${text.slice(6, 8)}/${text.slice(4, 6)}/${text.slice(0, 4)}` : ''

const timeOf = (text: string) => (/^\d{4}/.test(text) ? `${text.slice(0, 2)}:${text.slice(2, 4)}` : '')
