import { m } from '../messages/messages.ts'
import { TOOLS } from '../tools/interaction.ts'
import type { ActionName, Actions } from './actions.ts'
import { h, svg } from './dom.ts'
import { ICONS, type IconName } from './icons.ts'
import { openMenu } from './menu.ts'

/** The row of tools, in groups; it scrolls sideways where it does not fit. */
export interface Toolbar {
  readonly element: HTMLElement
  /** Shows what is on and what can be done now. */
  refresh(): void
}

/** What stands in the bar itself, group by group; a menu holds what is used less. */
const GROUPS: readonly (readonly (ActionName | 'view' | 'share')[])[] = [
  ['fit', 'actual', 'view', 'reset'],
  ['play'],
  ['one', 'two', 'mpr', 'link'],
  ['trash', 'share'],
]
const MENUS: Readonly<Record<'view' | 'share', readonly ActionName[]>> = {
  view: ['rotateLeft', 'rotateRight', 'flipH', 'flipV', 'invert', 'lines', 'texts', 'overlays', 'full'],
  share: ['save', 'print'],
}

const isMenu = (name: string): name is 'view' | 'share' => name in MENUS

export function createToolbar(actions: Actions): Toolbar {
  const tools = TOOLS.map((tool) => {
    const element = button(ICONS[tool], m().tools[tool], actions.keyOf(tool), () => actions.setTool(tool))
    return { element, tool }
  })
  const presets = button(ICONS.presets, m().presets, '1–9', () => actions.openPresets(presets))
  presets.setAttribute('aria-haspopup', 'menu')
  const others = GROUPS.map((group) =>
    group.map((name) => {
      if (isMenu(name)) return { element: menuButton(name, actions), name: null }
      const icon = ICONS[name as IconName]
      const element = button(icon, m().actions[name], actions.keyOf(name), () => actions.run(name))
      return { element, name }
    }),
  )
  const rate = h('input', {
    class: 'rate',
    type: 'range',
    min: 1,
    max: 60,
    'aria-label': m().fps,
    on: { input: () => actions.setRate(Number(rate.value)) },
  })
  const rateText = h('span', { class: 'rate-text' })
  const rateBox = h('label', { class: 'rate-box' }, rate, rateText)
  const element = h(
    'div',
    { class: 'toolbar', role: 'toolbar', 'aria-label': m().toolbar },
    h('div', { class: 'group' }, ...tools.map((one) => one.element)),
    h('div', { class: 'group' }, presets),
    ...others.map((group, at) =>
      h('div', { class: 'group' }, ...group.map((one) => one.element), at === 1 ? rateBox : null),
    ),
  )
  const rove = roving(element)
  return {
    element,
    refresh() {
      const focused = document.activeElement
      for (const { element: one, tool } of tools) {
        one.setAttribute('aria-pressed', String(actions.tool() === tool))
        one.disabled = !actions.can('fit')
      }
      presets.disabled = !actions.can('fit')
      for (const { element: one, name } of others.flat()) {
        if (!name) {
          one.disabled = !actions.can('fit')
          continue
        }
        const on = actions.isOn(name)
        if (on !== null) one.setAttribute('aria-pressed', String(on))
        one.disabled = !actions.can(name)
        if (name === 'play')
          setButton(one, on ? ICONS.pause : ICONS.play, on ? m().actions.pause : m().actions.play)
      }
      rateBox.hidden = !actions.isOn('play')
      rate.value = String(Math.round(actions.rate()))
      rateText.textContent = `${Math.round(actions.rate())}/s`
      rove(focused)
    },
  }
}

/**
 * One stop for the Tab key, arrows within (WAI-ARIA Authoring Practices, toolbar): the button that was used last. Returns
 * what is to be called when buttons have been disabled or enabled, with what had the focus before.
 */
function roving(element: HTMLElement): (focused: Element | null) => void {
  const all = [...element.querySelectorAll('button')]
  let used: HTMLButtonElement | undefined
  const rove = (focused: Element | null) => {
    const stop = used && !used.disabled ? used : all.find(({ disabled }) => !disabled)
    for (const one of all) one.tabIndex = one === stop ? 0 : -1
    // What has the focus and can be pressed no more would lose it to nowhere.
    if (used?.disabled && used === focused) stop?.focus()
  }
  element.addEventListener('focusin', ({ target }) => {
    used = all.find((one) => one === target) ?? used
    rove(null)
  })
  element.addEventListener('keydown', (event) => {
    if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return
    const usable = all.filter(({ disabled }) => !disabled)
    const at = usable.indexOf(event.target as HTMLButtonElement)
    if (at < 0) return
    usable.at((at + (event.key === 'ArrowRight' ? 1 : -1)) % usable.length)?.focus()
    event.preventDefault()
    event.stopPropagation()
  })
  return rove
}

function menuButton(name: 'view' | 'share', actions: Actions): HTMLButtonElement {
  const open = () =>
    openMenu(
      element,
      MENUS[name].map((action) => ({
        label: m().actions[action],
        hint: actions.isOn(action) ? '✓' : '',
        key: actions.keyOf(action),
        act: () => actions.run(action),
      })),
    )
  const element = button(name === 'view' ? ICONS.rotateRight : ICONS.save, m().actions[name], '', open)
  element.setAttribute('aria-haspopup', 'menu')
  return element
}

/** A button with icon and word; its key is in the tip. */
export function button(icon: string, label: string, key: string, act: () => void): HTMLButtonElement {
  return h(
    'button',
    { type: 'button', class: 'tool', title: key ? `${label} (${key})` : label, on: { click: act } },
    svg(icon),
    h('span', {}, label),
  )
}

function setButton(element: HTMLButtonElement, icon: string, label: string): void {
  const [, text] = element.children
  if (text?.textContent === label) return
  element.replaceChildren(svg(icon), h('span', {}, label))
}
