import { h } from './dom.ts'
import type { Viewport } from './viewport.ts'

type Mode = 'one' | 'two' | 'mpr'

/** The viewports side by side, one of which is active. */
export interface Layout {
  readonly element: HTMLElement
  mode(): Mode
  set(mode: Mode): void
  viewports(): readonly Viewport[]
  active(): Viewport | null
  activate(viewport: Viewport): void
  next(): void
  /** Begins anew with one viewport. */
  restart(): void
  /** Lets go of all viewports. */
  end(): void
  /** Something else is shown now. */
  changed(): void
}

const COUNTS: Readonly<Record<Mode, number>> = { one: 1, two: 2, mpr: 3 }

export function createLayout(make: (index: number) => Viewport, onChange: () => void): Layout {
  const element = h('div', { class: 'views', 'data-mode': 'one' })
  let viewports: Viewport[] = []
  let active: Viewport | null = null
  let mode: Mode = 'one'

  const end = () => {
    for (const viewport of viewports.splice(0)) {
      viewport.end()
      viewport.element.remove()
    }
  }
  const activate = (viewport: Viewport) => {
    if (active === viewport) return
    active = viewport
    for (const one of viewports) one.element.classList.toggle('is-active', one === viewport)
    onChange()
  }
  const set = (next: Mode) => {
    mode = next
    element.dataset.mode = next
    const kept = active ? [active, ...viewports.filter((one) => one !== active)] : viewports
    // The active one stays, in the first place when there is only one.
    viewports = next === 'one' ? kept : viewports
    while (viewports.length > COUNTS[next]) {
      const gone = viewports.pop()
      gone?.end()
      gone?.element.remove()
    }
    while (viewports.length < COUNTS[next]) {
      const viewport = make(viewports.length + 1)
      viewports.push(viewport)
      element.append(viewport.element)
    }
    const [first] = viewports
    if (first && (!active || !viewports.includes(active))) {
      active = null
      activate(first)
    }
    onChange()
  }
  return {
    element,
    mode: () => mode,
    set(next) {
      // The planes of a volume belong to the view of it: one that compares begins with the series that was cut.
      if (mode === 'mpr' && next === 'two' && viewports[0]) {
        activate(viewports[0])
        set('one')
      }
      const from = active
      set(next)
      // Compare begins with the same series twice: the other is chosen from the list.
      const empty = viewports.find(({ series }) => !series)
      if (next === 'two' && empty && from?.study && from.series) empty.show(from.study, from.series, from.at)
      onChange()
    },
    viewports: () => viewports,
    active: () => active,
    activate,
    next() {
      const at = active ? viewports.indexOf(active) : -1
      const viewport = viewports[(at + 1) % viewports.length]
      if (!viewport) return
      activate(viewport)
      viewport.stage.focus()
    },
    restart() {
      end()
      active = null
      set('one')
    },
    end,
    changed: onChange,
  }
}
