import { m } from '../messages/messages.ts'
import type { FrameError, Series } from '../model/model.ts'
import { h, svg } from './dom.ts'
import { ICONS } from './icons.ts'

/** What stands in a viewport where there is no picture: that one is awaited, or why there is none. */
export interface Tile {
  readonly element: HTMLElement
  isHidden(): boolean
  hide(): void
  showWaiting(): void
  showProblem(problem: FrameError, others: boolean): void
  showUnshown(series: Series | null): void
}

export function createTile(): Tile {
  const element = h('div', { class: 'tile', hidden: true })
  const show = (...children: (Node | string)[]) => {
    element.hidden = false
    element.replaceChildren(...children)
  }
  return {
    element,
    isHidden: () => element.hidden === true,
    hide() {
      element.hidden = true
    },
    showWaiting: () => show(h('div', { class: 'spinner' }), h('p', {}, m().loading)),
    showProblem: ({ reason, message }, others) =>
      show(
        warning(),
        h('p', { class: 'tile-title' }, m().reasons[reason]),
        message ? h('p', { class: 'tile-detail' }, message) : '',
        others ? h('p', { class: 'tile-detail' }, m().retryHint) : '',
      ),
    showUnshown(series) {
      if (!series || series.unshown.length === 0) {
        element.hidden = true
        return
      }
      const rows = series.unshown
        .slice(0, MOST_ROWS)
        .map(({ title, reason, detail }) =>
          h(
            'li',
            {},
            h('strong', {}, title || m().unshownTitle),
            h('span', {}, m().reasons[reason]),
            detail ? h('small', {}, detail) : '',
          ),
        )
      const more = series.unshown.length - rows.length
      show(
        warning(),
        h('p', { class: 'tile-title' }, m().unshownTitle),
        h('ul', { class: 'tile-list' }, ...rows),
        more > 0 ? h('p', { class: 'tile-detail' }, `+ ${more}`) : '',
      )
    },
  }
}

const MOST_ROWS = 50

function warning(): SVGSVGElement {
  const icon = svg(ICONS.warning)
  icon.classList.add('tile-icon')
  return icon
}
