import { day, LANGUAGES, m, setLanguage } from '../messages/messages.ts'
import type { Patient, Study } from '../model/model.ts'
import type { ActionName, Actions } from './actions.ts'
import { h, svg } from './dom.ts'
import { ICONS } from './icons.ts'
import type { Layout } from './layout.ts'
import type { ReportPanel } from './report.ts'
import type { SeriesList } from './series-list.ts'
import type { Start } from './start.ts'
import { button, type Toolbar } from './toolbar.ts'
import type { Viewport } from './viewport.ts'

/** The page around the views. */
export interface Shell {
  refresh(): void
  showStart(): void
  showViews(): void
  toggleList(): void
  closeList(): void
  /** A short message over the views; empty takes it away. */
  say(message: string): void
  /** Gives the focus to the button of the header that does it. */
  focusOn(name: ActionName): void
  /** For screen readers, once scrolling rests. */
  announce(viewport: Viewport): void
  /** For screen readers, at once. */
  tell(words: string): void
}

interface Parts {
  readonly actions: Actions
  readonly toolbar: Toolbar
  readonly list: SeriesList
  readonly layout: Layout
  readonly report: ReportPanel
  readonly start: Start
  /** Whether folders may be opened. */
  readonly folders: boolean
}

const HEAD: readonly ActionName[] = ['series', 'report', 'folder', 'help']

export function createShell(
  root: HTMLElement,
  { actions, toolbar, list, layout, report, start, folders }: Parts,
): Shell {
  const heads = HEAD.filter((name) => name !== 'folder' || folders).map((name) => ({
    name,
    element: button(ICONS[name as 'help'], m().actions[name], actions.keyOf(name), () => actions.run(name)),
  }))
  const language = h('button', { type: 'button', class: 'tool', on: { click: nextLanguage } })
  language.append(svg(ICONS.language), h('span', {}, otherLanguage().languageName))
  const patient = h('div', { class: 'patient' })
  const toast = h('div', { class: 'toast', role: 'status', hidden: true })
  const live = h('div', { class: 'visually-hidden', 'aria-live': 'polite' })
  const header = h(
    'header',
    { class: 'top' },
    heads[0]?.element,
    h('h1', { class: 'brand' }, mark(), h('span', {}, m().product)),
    patient,
    h('div', { class: 'top-actions' }, ...heads.slice(1).map(({ element }) => element), language),
  )
  const main = h('main', { class: 'main' }, list.element, layout.element, report.element, toast)
  const footer = h(
    'footer',
    { class: 'bottom' },
    h('span', { class: 'is-long' }, m().notDiagnostic),
    h('span', { class: 'is-short' }, m().notDiagnosticShort),
  )
  const tools = h('section', { class: 'tools', 'aria-label': m().toolbar }, toolbar.element)
  root.replaceChildren(header, tools, main, start.element, footer, live)
  document.documentElement.lang = m().language
  document.title = m().product

  let person: Patient | null = null
  // Always whose images are looked at: a folder may hold several people's.
  const showPatient = (study: Study | null) => {
    if (person === (study?.patient ?? null)) return
    person = study?.patient ?? null
    patient.replaceChildren(
      h('strong', {}, person?.name || m().noName),
      h(
        'span',
        {},
        person?.birthDate ? h('span', { class: 'is-long' }, `${m().born} `) : null,
        day(person?.birthDate ?? ''),
      ),
    )
  }
  let announcing = 0
  let hiding = 0
  const shell: Shell = {
    refresh() {
      showPatient(layout.active()?.study ?? null)
      for (const { name, element } of heads) {
        element.disabled = !actions.can(name)
        const on = actions.isOn(name)
        if (on !== null) element.setAttribute('aria-pressed', String(on))
      }
    },
    showStart() {
      root.dataset.screen = 'start'
      start.idle()
    },
    showViews() {
      root.dataset.screen = 'views'
      start.idle()
    },
    toggleList() {
      // On a phone the list is over the picture, elsewhere beside it.
      const name = isNarrow() ? 'listOver' : 'listHidden'
      root.dataset[name] = root.dataset[name] === 'yes' ? 'no' : 'yes'
    },
    closeList() {
      root.dataset.listOver = 'no'
    },
    say(message) {
      toast.hidden = message === ''
      toast.textContent = message
      clearTimeout(hiding)
      if (message) hiding = window.setTimeout(() => shell.say(''), 5000)
    },
    focusOn(name) {
      heads.find((one) => one.name === name)?.element.focus()
    },
    announce(viewport) {
      clearTimeout(announcing)
      announcing = window.setTimeout(() => {
        live.textContent = viewport.stage.getAttribute('aria-label')
      }, 700)
    },
    tell(words) {
      clearTimeout(announcing)
      live.textContent = words
    },
  }
  return shell
}

// As light.css has it: a phone, upright or lying.
const isNarrow = (): boolean => matchMedia('(max-width: 700px), (max-height: 480px)').matches

function otherLanguage() {
  const at = LANGUAGES.indexOf(m())
  return LANGUAGES[(at + 1) % LANGUAGES.length] ?? m()
}

function nextLanguage(): void {
  setLanguage(otherLanguage().language)
  dispatchEvent(new Event('ritiro-language'))
}

function mark(): HTMLElement {
  return h('span', { class: 'brand-mark', 'aria-hidden': true }, 'R')
}
