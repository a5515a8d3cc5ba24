import { m } from '../messages/messages.ts'
import { h } from './dom.ts'

/** The bar at the side of a viewport: where in the stack, and how much of it has come. */
export interface Slider {
  readonly element: HTMLElement
  set(at: number, count: number): void
  setLoaded(done: number, count: number): void
}

export function createSlider(goTo: (at: number) => void): Slider {
  const thumb = h('div', { class: 'slider-thumb' })
  const loaded = h('div', { class: 'slider-loaded' })
  const element = h(
    'div',
    {
      class: 'slider',
      role: 'slider',
      tabindex: -1,
      'aria-orientation': 'vertical',
      'aria-label': m().slice,
    },
    h('div', { class: 'slider-track' }, loaded),
    thumb,
  )
  let count = 0
  const follow = (event: PointerEvent) => {
    const { top, height } = element.getBoundingClientRect()
    goTo(((event.clientY - top - PADDING) / Math.max(1, height - 2 * PADDING)) * (count - 1))
  }
  element.addEventListener('pointerdown', (event) => {
    element.setPointerCapture(event.pointerId)
    follow(event)
  })
  element.addEventListener('pointermove', (event) => {
    if (event.buttons) follow(event)
  })
  return {
    element,
    set(at, all) {
      count = all
      element.hidden = all < 2
      element.setAttribute('aria-valuemin', '1')
      element.setAttribute('aria-valuemax', String(all))
      element.setAttribute('aria-valuenow', String(at + 1))
      thumb.style.top = `calc(${PADDING}px + (100% - ${2 * PADDING}px) * ${all > 1 ? at / (all - 1) : 0})`
    },
    setLoaded(done, all) {
      loaded.style.height = `${all > 0 ? (done / all) * 100 : 0}%`
      loaded.classList.toggle('is-whole', done === all)
    },
  }
}

const PADDING = 14
