import type { StructuredReport } from '../../../src/pacs/content-tree.ts'
import { day, m, minute } from '../messages/messages.ts'
import type { Series, Sheet, TextSheet } from '../model/model.ts'
import { h } from './dom.ts'
import { waveformSheet } from './waveform-sheet.ts'

/** What is read rather than looked at: it stands in a viewport instead of a picture, on paper. */
export interface SheetView {
  readonly element: HTMLElement
  /** The sheets of a series; hidden where it has none. */
  show(series: Series | null): void
}

export function createSheetView(label: string): SheetView {
  const element = h('div', {
    class: 'sheets',
    tabindex: 0,
    role: 'group',
    'aria-label': label,
    hidden: true,
  })
  let shown: readonly Sheet[] = []
  return {
    element,
    show(series) {
      const sheets = series?.sheets ?? []
      element.hidden = sheets.length === 0
      if (sheets === shown) return
      shown = sheets
      element.scrollTop = 0
      element.replaceChildren(...sheets.map(sheetElement))
    },
  }
}

function sheetElement(sheet: Sheet): HTMLElement {
  const when = [sheet.date && day(sheet.date), minute(sheet.time)].filter(Boolean).join('  ')
  const body = sheet.kind === 'text' ? textBody(sheet) : waveformSheet(sheet)
  return h(
    'article',
    { class: `sheet sheet-${sheet.kind}` },
    h('h2', {}, sheet.title || m().sheet[sheet.kind]),
    when ? h('p', { class: 'sheet-when' }, when) : null,
    ...body,
  )
}

function textBody(sheet: TextSheet): HTMLElement[] {
  const report = sheet.report(m().decimal)
  const words = m().sheet
  const rows = report.lines.map(({ depth, label, value, heading }) =>
    h(
      'li',
      { class: `sheet-depth-${Math.min(depth, 5)}` },
      heading ? h('strong', {}, label) : label && h('span', { class: 'sheet-label' }, `${label}: `),
      value && h('span', { class: 'sheet-value' }, value),
    ),
  )
  return [
    h('p', { class: 'sheet-state' }, stateOf(report)),
    rows.length > 0 ? h('ul', { class: 'sheet-lines' }, ...rows) : h('p', {}, words.empty),
    h('p', { class: 'sheet-note' }, words.notTheReport),
  ]
}

function stateOf({ authors, verifiers, completion, verification }: StructuredReport): string {
  const words = m().sheet
  const who = verifiers.filter(Boolean).join(', ')
  const state = completion === 'COMPLETE' ? words.complete : completion === 'PARTIAL' ? words.partial : ''
  return [
    authors.some(Boolean) ? `${words.author}: ${authors.filter(Boolean).join(', ')}` : '',
    state,
    verification === 'VERIFIED' ? words.verified(who) : words.unverified,
  ]
    .filter(Boolean)
    .join(' · ')
}
