import { decimal, m } from '../messages/messages.ts'
import type { WaveformGroup, WaveformSheet } from '../model/model.ts'
import { drawWaveforms, LAYOUTS, layoutsOf, type WaveformLook } from '../render/waveform.ts'
import { h } from './dom.ts'

/** Waveforms on paper with a grid of millimetres, and how they are drawn: to be chosen as on an electrocardiograph. */
export function waveformSheet({ groups, notes }: WaveformSheet): HTMLElement[] {
  const words = m().waveform
  const notesElement =
    notes.length > 0
      ? h(
          'details',
          { class: 'sheet-notes' },
          h('summary', {}, words.notes),
          h('ul', {}, ...notes.map((note) => h('li', {}, note))),
        )
      : null
  return [
    ...groups.map(groupElement),
    ...(notesElement ? [notesElement] : []),
    h('p', { class: 'sheet-note' }, words.scaleNote),
  ]
}

function groupElement(group: WaveformGroup): HTMLElement {
  const words = m().waveform
  let look: WaveformLook = { speed: 25, gain: 10, layout: layoutsOf(group)[0] ?? 'rows' }
  const paper = h('div', { class: 'paper', tabindex: 0, role: 'img' })
  const facts = h('p', { class: 'sheet-when' })
  const draw = () => {
    paper.replaceChildren(drawWaveforms(group, look))
    const { gain, speed } = look
    facts.textContent = [
      `${speed} mm/s`,
      hasVolts(group) ? `${gain} mm/mV` : '',
      words.sampling(decimal(group.frequency, 1)),
      filterWords(group),
    ]
      .filter(Boolean)
      .join(' · ')
    paper.setAttribute(
      'aria-label',
      `${words.drawing(group.channels.map(({ label }) => label).join(', '))}. ${facts.textContent}`,
    )
  }
  draw()
  const choose = <K extends keyof WaveformLook>(name: K, value: WaveformLook[K]) => {
    look = { ...look, [name]: value }
    draw()
  }
  const numbers = (name: 'speed' | 'gain', values: readonly number[], unit: string) =>
    chooser(
      words[name],
      values.map((value) => [String(value), `${decimal(value, 1)} ${unit}`]),
      String(look[name]),
      (value) => choose(name, Number(value)),
    )
  const layouts = layoutsOf(group)
  return h(
    'section',
    { class: 'waveform' },
    group.label ? h('h3', {}, group.label) : null,
    h(
      'div',
      { class: 'paper-tools' },
      numbers('speed', [12.5, 25, 50], 'mm/s'),
      hasVolts(group) ? numbers('gain', [5, 10, 20], 'mm/mV') : null,
      layouts.length > 1
        ? chooser(
            words.layout,
            layouts.map((layout) => [layout, words.layouts[layout]]),
            look.layout,
            (value) => choose('layout', LAYOUTS.find((layout) => layout === value) ?? 'rows'),
          )
        : null,
    ),
    facts,
    paper,
  )
}

const hasVolts = ({ channels }: WaveformGroup): boolean => channels.some(({ unit }) => unit === 'mV')

// Of the first channel that tells: apparatuses filter all alike.
function filterWords({ channels }: WaveformGroup): string {
  const {
    low = null,
    high = null,
    notch = null,
  } = channels.find(({ filters }) => filters.low !== null || filters.high !== null)?.filters ?? {}
  if (low === null && high === null) return ''
  const range = [low, high].map((value) => (value === null ? '?' : decimal(value, 2))).join('–')
  return m().waveform.filter(range, notch ? decimal(notch, 0) : '')
}

function chooser(
  label: string,
  options: readonly (readonly [value: string, words: string])[],
  chosen: string,
  onChoose: (value: string) => void,
): HTMLElement {
  const select = h(
    'select',
    { on: { change: () => onChoose(select.value) } },
    ...options.map(([value, words]) => h('option', { value, selected: value === chosen }, words)),
  )
  return h('label', {}, h('span', {}, label), select)
}
