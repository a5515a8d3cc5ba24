import { m } from '../messages/messages.ts'
import { KEYS } from './actions.ts'
import { h, svg } from './dom.ts'
import { ICONS } from './icons.ts'

/** What the sheet shows, and lets one choose. */
interface HelpHost {
  /** Whether there is such an action at all. */
  has(name: string): boolean
  hasSingleKeys(): boolean
  setSingleKeys(on: boolean): void
}

/** The sheet with mouse, touch and keys. */
export function openHelp(host: HelpHost): void {
  const { keyNames: names, keys } = m()
  const shown = Object.entries(KEYS).filter(([name]) => host.has(name))
  const own = shown.map(([name, key]): [string, string] => {
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
    singleKeys(host),
    h('p', { class: 'note' }, m().notDiagnostic),
    h('p', { class: 'note' }, m().about),
  )
}

function singleKeys(host: HelpHost): HTMLElement {
  const box = h('input', { type: 'checkbox', 'aria-describedby': 'single-keys-hint' })
  box.checked = host.hasSingleKeys()
  box.addEventListener('change', () => host.setSingleKeys(box.checked))
  return h(
    'div',
    { class: 'switch' },
    h('label', {}, box, h('span', {}, m().singleKeys)),
    h('p', { class: 'note', id: 'single-keys-hint' }, m().singleKeysHint),
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
