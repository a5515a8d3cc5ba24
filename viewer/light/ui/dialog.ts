import { m } from '../messages/messages.ts'
import { KEYS } from './actions.ts'
import { h, svg } from './dom.ts'
import { ICONS } from './icons.ts'

/** The sheet with mouse, touch and keys. */
export function openHelp(): void {
  const { keyNames: names, keys } = m()
  const own = Object.entries(KEYS).map(([name, key]): [string, string] => {
    const label = name in m().tools ? m().tools[name as 'pan'] : m().actions[name as 'fit']
    return [key, label]
  })
  const rows: [string, string][] = [
    ['↑ ↓', keys.slices],
    ['PgUp PgDn', keys.tens],
    ['Home End', keys.ends],
    ['← →', keys.series],
    ['+ −', keys.zoom],
    [`${names.alt} + ${names.arrows}`, keys.pan],
    [`${names.shift} + ${names.arrows}`, keys.window],
    ['1 – 9', keys.presets],
    [`${names.ctrl} + ${names.arrows}, ${names.enter}`, keys.cursor],
    ['F6', keys.next],
    ...own,
  ]
  openDialog(
    m().helpTitle,
    h('h3', {}, m().helpMouse),
    list(m().helpMouseItems, 'is-wide'),
    h('h3', {}, m().helpKeys),
    list(rows.slice(0, GESTURES), 'is-wide'),
    list(rows.slice(GESTURES), ''),
    h('p', { class: 'note' }, m().notDiagnostic),
    h('p', { class: 'note' }, m().about),
  )
}

/** A dialog over the page, closed by Escape, by its button, or by a press beside it. */
function openDialog(title: string, ...content: HTMLElement[]): void {
  const close = h(
    'button',
    { type: 'button', class: 'icon-button', 'aria-label': m().actions.close },
    svg(ICONS.close),
  )
  const dialog = h(
    'dialog',
    { class: 'dialog', 'aria-label': title },
    h('header', {}, h('h2', {}, title), close),
    h('div', { class: 'dialog-body' }, ...content),
  )
  close.addEventListener('click', () => dialog.close())
  dialog.addEventListener('close', () => dialog.remove())
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close()
  })
  dialog.addEventListener('keydown', (event) => event.stopPropagation())
  document.body.append(dialog)
  dialog.showModal()
}

/** The first rows are keys with longer words. */
const GESTURES = 10

const list = (rows: readonly (readonly [string, string])[], more: string): HTMLElement =>
  h('dl', { class: `keys ${more}` }, ...rows.flatMap(([key, what]) => [h('dt', {}, key), h('dd', {}, what)]))
