import { type ContentNode, structuredReportOf } from '../../../src/pacs/content-tree.ts'
import type { Attributes, InstanceRecord } from '../../../src/shards/attributes.ts'
import type { Sheet, Unshown } from './model.ts'
import { items, text, texts } from './record.ts'
import { waveformsOf } from './waveform.ts'

/** What can be read of an instance without pixels: a structured report, or waveforms; null where it is neither. */
export function sheetOf({ key, attributes }: InstanceRecord): Sheet | Unshown | null {
  const sopClassUid = text(attributes, '00080016')
  const facts = {
    key,
    title: text(attributes, '0008103E'),
    date: text(attributes, '00080023') || text(attributes, '0008002A').slice(0, 8),
    time: text(attributes, '00080033') || text(attributes, '0008002A').slice(8),
  }
  if (sopClassUid.startsWith(STRUCTURED_REPORTS)) {
    const root = nodeOf(attributes)
    const { title } = structuredReportOf(root, '.')
    return {
      kind: 'text',
      ...facts,
      title: title || facts.title,
      report: (decimal) => structuredReportOf(root, decimal),
    }
  }
  if (!sopClassUid.startsWith(WAVEFORMS) || sopClassUid.startsWith(SOUNDS)) return null
  const groups = waveformsOf(attributes)
  if (typeof groups === 'string')
    return { key, sopClassUid, title: facts.title, reason: 'unsupported', detail: groups }
  return { kind: 'waveform', ...facts, groups, notes: notesOf(attributes) }
}

const STRUCTURED_REPORTS = '1.2.840.10008.5.1.4.1.1.88.'
const WAVEFORMS = '1.2.840.10008.5.1.4.1.1.9.'
const SOUNDS = `${WAVEFORMS}4.`

function nodeOf(attributes: Attributes): ContentNode {
  const named = (tag: number) => tag.toString(16).toUpperCase().padStart(8, '0')
  return {
    // A text of unlimited length has no values: what was taken for their separator is its own.
    text: (tag) => texts(attributes, named(tag)).join('\\'),
    items: (tag) => items(attributes, named(tag)).map(nodeOf),
  }
}

// PS3.3 §C.10.10: words, or a measurement with its unit. One that stands at several channels is told once.
function notesOf(attributes: Attributes): string[] {
  const notes = items(attributes, '0040B020').map((note) => {
    const words = text(note, '00700006')
    if (words) return words
    const name = text(items(note, '0040A043')[0], '00080104')
    const unit = text(items(note, '004008EA')[0], '00080100')
    const value = text(note, '0040A30A') || text(items(note, '0040A168')[0], '00080104')
    return value ? [name && `${name}:`, value, unit].filter(Boolean).join(' ') : ''
  })
  return [...new Set(notes)].filter(Boolean)
}
