import { m } from '../messages/messages.ts'
import type { OpenedExam } from '../shards/open.ts'
import { h } from './dom.ts'

/** The ways out of the viewer, at the end of its header: back to where the exam is, and to the portal's other viewer. */
export function linkPlaces(root: HTMLElement, { back, otherViewer }: OpenedExam): void {
  const header = root.querySelector('.top-actions')
  if (otherViewer) header?.prepend(h('a', { class: 'tool place', href: otherViewer }, m().otherViewer))
  if (back) header?.prepend(h('a', { class: 'tool place', href: back }, m().back))
}
