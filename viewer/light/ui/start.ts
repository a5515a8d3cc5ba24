import type { Found } from '../dicom/found.ts'
import { m } from '../messages/messages.ts'
import { h, svg } from './dom.ts'
import { filesOfDrop } from './drop.ts'
import { ICONS } from './icons.ts'

/** The first screen where nothing is open: a folder is chosen or dropped. */
export interface Start {
  readonly element: HTMLElement
  /** Asks for a folder. */
  choose(): void
  progress(done: number, all: number): void
  say(message: string): void
  idle(): void
}

/** Without `folders` it only says what is the matter. */
export function createStart(open: (found: Found[]) => void, folders: boolean): Start {
  const folder = picker(true, open)
  const files = picker(false, open)
  const status = h('p', { class: 'start-status', role: 'status' })
  const bar = h('progress', { hidden: true, 'aria-label': m().readingTitle })
  const ways = [
    h('h2', {}, m().startTitle),
    h('p', {}, m().startText),
    h(
      'div',
      { class: 'start-buttons' },
      h('button', { type: 'button', class: 'primary', on: { click: () => folder.click() } }, m().openFolder),
      h('button', { type: 'button', class: 'secondary', on: { click: () => files.click() } }, m().openFiles),
    ),
    h('p', { class: 'note' }, m().openDropHint),
  ]
  const element = h(
    'div',
    { class: 'start' },
    h(
      'div',
      { class: 'start-card' },
      icon(),
      ...(folders ? ways : [h('h2', {}, m().product)]),
      bar,
      status,
      h('p', { class: 'note' }, m().notDiagnostic),
    ),
    ...(folders ? [folder, files] : []),
  )
  return {
    element,
    choose: () => folder.click(),
    progress(done, all) {
      bar.hidden = false
      bar.max = all
      bar.value = done
      status.textContent = m().reading(done, all)
    },
    say(message) {
      bar.hidden = true
      status.textContent = message
    },
    idle() {
      bar.hidden = true
      status.textContent = ''
    },
  }
}

/** Lets folders and files be dropped anywhere on the page. */
export function acceptDrops(open: (found: Found[]) => void, signal: AbortSignal): void {
  const veil = h('div', { class: 'drop-veil', hidden: true }, m().dropHere)
  document.body.append(veil)
  signal.addEventListener('abort', () => veil.remove())
  const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files')
  const over = (event: DragEvent) => {
    if (!hasFiles(event)) return
    event.preventDefault()
    veil.hidden = false
  }
  const leave = (event: DragEvent) => {
    if (!event.relatedTarget) veil.hidden = true
  }
  const drop = (event: DragEvent) => {
    veil.hidden = true
    if (!event.dataTransfer || !hasFiles(event)) return
    event.preventDefault()
    void filesOfDrop(event.dataTransfer).then(open)
  }
  addEventListener('dragover', over, { signal })
  addEventListener('dragleave', leave, { signal })
  addEventListener('drop', drop, { signal })
}

function picker(folder: boolean, open: (found: Found[]) => void): HTMLInputElement {
  const input = h('input', { type: 'file', multiple: true, hidden: true, webkitdirectory: folder })
  input.addEventListener('change', () => {
    const found = [...(input.files ?? [])].map((file) => ({
      path: file.webkitRelativePath || file.name,
      file,
    }))
    // The same folder may be chosen again.
    input.value = ''
    if (found.length > 0) open(found)
  })
  return input
}

function icon(): SVGSVGElement {
  const drawn = svg(ICONS.folder)
  drawn.classList.add('start-icon')
  return drawn
}
