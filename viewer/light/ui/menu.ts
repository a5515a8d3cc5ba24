import { h } from './dom.ts'

export interface MenuItem {
  readonly label: string
  readonly hint: string
  /** What does the same on the keyboard, or empty. */
  readonly key: string
  act(): void
}

/** A menu below a button; arrows, Enter and Escape work in it. */
export function openMenu(anchor: HTMLElement, items: readonly MenuItem[]): void {
  const close = () => {
    menu.remove()
    backdrop.remove()
    anchor.setAttribute('aria-expanded', 'false')
    anchor.focus()
  }
  const buttons = items.map(({ label, hint, key, act }) =>
    h(
      'button',
      {
        type: 'button',
        role: 'menuitem',
        on: {
          click() {
            close()
            act()
          },
        },
      },
      h('span', {}, label),
      h('small', {}, hint),
      h('kbd', {}, key),
    ),
  )
  const menu = h('div', { class: 'menu', role: 'menu' }, ...buttons)
  const backdrop = h('div', { class: 'backdrop', on: { pointerdown: close } })
  menu.addEventListener('keydown', (event) => {
    event.stopPropagation()
    const at = buttons.indexOf(document.activeElement as HTMLButtonElement)
    if (event.key === 'Escape' || event.key === 'Tab') close()
    else if (event.key === 'ArrowDown') buttons[(at + 1) % buttons.length]?.focus()
    else if (event.key === 'ArrowUp') buttons.at((at - 1) % buttons.length)?.focus()
    else return
    event.preventDefault()
  })
  document.body.append(backdrop, menu)
  const { left, bottom, top } = anchor.getBoundingClientRect()
  const { width, height } = menu.getBoundingClientRect()
  menu.style.left = `${Math.max(8, Math.min(left, innerWidth - width - 8))}px`
  const below = bottom + 4 + height < innerHeight
  menu.style.top = `${Math.max(8, below ? bottom + 4 : top - height - 4)}px`
  anchor.setAttribute('aria-expanded', 'true')
  buttons[0]?.focus()
}
