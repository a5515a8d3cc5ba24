import { m } from '../messages/messages.ts'
import type { OpenedExam } from '../shards/open.ts'
import { h, svg } from './dom.ts'
import { ICONS } from './icons.ts'

/** The ways out of the viewer, in its header: back to where the exam is, and to the portal's other viewer. */
export function linkPlaces(root: HTMLElement, { back, otherViewer }: OpenedExam): void {
  if (back) root.querySelector('.top')?.prepend(link(back, BACK, m().back))
  const actions = root.querySelector('.top-actions')
  if (!actions || !otherViewer) return
  actions.prepend(link(otherViewer, ICONS.full, m().otherViewer))
}

const BACK = 'M11 5l-7 7 7 7|M4 12h16'

function link(href: string, icon: string, words: string): HTMLAnchorElement {
  return h('a', { class: 'tool place', href, title: words }, svg(icon), h('span', {}, words))
}
