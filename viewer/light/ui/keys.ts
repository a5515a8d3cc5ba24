import type { Cursor } from '../tools/cursor.ts'
import { isMarkTool, moveWindow, pan, type Tool, zoomAt } from '../tools/interaction.ts'
import { type ActionName, type Actions, KEYS } from './actions.ts'
import type { Viewport } from './viewport.ts'

/** What keys need of the whole, besides the actions. */
export interface KeyHost {
  readonly actions: Actions
  readonly cursor: Cursor
  active(): Viewport
  nextSeries(by: number): void
  nextViewport(): void
  preset(number: number): void
  cancelMark(): void
  /** Whether letters, digits and signs alone act: who dictates can turn them off (WCAG 2.1.4). */
  hasSingleKeys(): boolean
}

/** Every action by keyboard. Keys in fields, menus and dialogs are theirs. */
export function attachKeys(host: KeyHost, signal: AbortSignal): void {
  const listen = (event: KeyboardEvent) => {
    const target = event.target as HTMLElement
    if (target.closest?.('input, textarea, select, dialog, [role=menu]')) return
    // What is read is scrolled by the browser.
    if (target.closest?.('.sheets, .report') && SCROLLING.has(event.key)) return
    if (handle(event, host)) event.preventDefault()
  }
  addEventListener('keydown', listen, { signal })
}

const SCROLLING = new Set('ArrowUp ArrowDown PageUp PageDown Home End'.split(' ').concat(' '))

const BY_KEY = new Map(
  Object.entries(KEYS).map(([name, key]) => [key.toUpperCase(), name as ActionName | Tool]),
)
const ARROWS: Readonly<Record<string, { x: number; y: number }>> = {
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
}

function handle(event: KeyboardEvent, host: KeyHost): boolean {
  const { key, ctrlKey, metaKey, altKey, shiftKey } = event
  const viewport = host.active()
  const by = ARROWS[key]
  const { actions, cursor } = host
  if (by && (ctrlKey || metaKey)) return cursor.move(viewport, by, shiftKey)
  if (by && altKey) {
    pan(viewport, { x: by.x * 20, y: by.y * 20 })
    return true
  }
  if (by && shiftKey) {
    moveWindow(viewport, { x: by.x * 10, y: -by.y * 10 })
    return true
  }
  if (by) {
    if (by.y !== 0) viewport.goTo(viewport.at + by.y)
    else host.nextSeries(by.x)
    return true
  }
  if (key === 'Enter' && isMarkTool(actions.tool()) && isOnStage(event)) return cursor.set(viewport)
  // A sign that a keyboard has on Alt or AltGr, as [ and ] in Italian, is that sign (UI Events §4.3.3).
  const isTyped = altKey && !metaKey && SIGN.test(key)
  if ((ctrlKey || metaKey || altKey) && !isTyped) return withControl(key, actions)
  if (key.length === 1 && !host.hasSingleKeys()) return false
  return plain(key, viewport, host)
}

const SIGN = /^[^\p{L}\p{N}\s]$/u

const isOnStage = (event: KeyboardEvent): boolean => !(event.target as HTMLElement).closest?.('button, a')

function withControl(key: string, actions: Actions): boolean {
  const name = key === 'p' ? 'print' : key === 'o' ? 'folder' : null
  if (!name || !actions.can(name)) return false
  actions.run(name)
  return true
}

function plain(key: string, viewport: Viewport, host: KeyHost): boolean {
  const { width, height } = viewport.size()
  const centre = { x: width / 2, y: height / 2 }
  if (key === 'PageUp' || key === 'PageDown') viewport.goTo(viewport.at + (key === 'PageUp' ? -10 : 10))
  else if (key === 'Home') viewport.goTo(0)
  else if (key === 'End') viewport.goTo(viewport.slices.length - 1)
  else if (key === '+' || key === '=') zoomAt(viewport, centre, 1.2)
  else if (key === '-') zoomAt(viewport, centre, 1 / 1.2)
  else if (key === 'F6') host.nextViewport()
  else if (key === 'Escape' || key === 'Backspace') host.cancelMark()
  else if (key === 'Delete') host.actions.run('trash')
  else if (/^[1-9]$/.test(key)) host.preset(Number(key))
  else return named(key, host.actions)
  return true
}

function named(key: string, actions: Actions): boolean {
  const name = BY_KEY.get(key.toUpperCase())
  if (!name) return false
  if (isTool(name)) actions.setTool(name)
  else if (actions.can(name)) actions.run(name)
  return true
}

const TOOL_NAMES = new Set<string>(
  'window scroll pan zoom length angle rectangle ellipse probe crosshair'.split(' '),
)
const isTool = (name: ActionName | Tool): name is Tool => TOOL_NAMES.has(name)
