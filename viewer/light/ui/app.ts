import type { DecodePool } from '../decode/pool.ts'
import { openFolder } from '../dicom/folder.ts'
import type { Found } from '../dicom/found.ts'
import { m } from '../messages/messages.ts'
import type { Opened, Series, Study } from '../model/model.ts'
import { reslicing } from '../mpr/volume.ts'
import { createStore, type FrameStore } from '../render/store.ts'
import { createCine } from '../tools/cine.ts'
import { createCursor } from '../tools/cursor.ts'
import { attachPointers, type Tool } from '../tools/interaction.ts'
import { createMarks } from '../tools/marks.ts'
import { presetsOf } from '../tools/presets.ts'
import { type ActionName, type Actions, KEYS } from './actions.ts'
import { windowWords } from './corners.ts'
import { openHelp } from './dialog.ts'
import { printViews, savePng } from './export.ts'
import { attachKeys } from './keys.ts'
import { createLayout, type Layout } from './layout.ts'
import { drawReferences, followLinked, locate } from './linked.ts'
import { openMenu } from './menu.ts'
import { openMpr } from './mpr-view.ts'
import { createReportPanel } from './report.ts'
import { createSeriesList } from './series-list.ts'
import { createShell } from './shell.ts'
import { acceptDrops, createStart } from './start.ts'
import { createToolbar } from './toolbar.ts'
import { createViewport, type Viewport, type ViewportHost } from './viewport.ts'

export interface App {
  open(opened: Opened): void
  opened(): Opened | null
  /** What is being opened, or why it could not be. */
  readonly start: { progress(done: number, all: number): void; say(message: string): void }
}

/** The viewer in a page, until `signal` ends it (a change of language makes it anew). `folders`: may they be opened? */
export function createApp(root: HTMLElement, pool: DecodePool, folders: boolean, signal: AbortSignal): App {
  const settings = { texts: true, overlays: true, link: true, lines: true }
  let opened: Opened | null = null
  let store: FrameStore | null = null
  const mprFrames = new Map()
  // A finger scrolls, a mouse has its wheel for that.
  let tool: Tool = matchMedia('(pointer: coarse)').matches ? 'scroll' : 'window'

  const refresh = () => {
    toolbar.refresh()
    shell.refresh()
  }
  const redraw = () => {
    for (const viewport of layout.viewports()) viewport.draw()
  }
  const marks = createMarks((words) => {
    refresh()
    if (words) shell.tell(words)
  })
  const cine = createCine(refresh)
  const cursor = createCursor(() => tool, marks)

  const hostOf = (frames: FrameStore): ViewportHost => ({
    store: frames,
    settings,
    preview: async (image) => (await opened?.frames.preview(image)) ?? null,
    drawMarks(viewport, context) {
      if (settings.lines) drawReferences(viewport, layout.viewports(), context)
      marks.draw(viewport, context)
      if (viewport === layout.active()) cursor.draw(viewport, context)
    },
    onMove(viewport, from) {
      if (settings.link && viewport === layout.active()) followLinked(viewport, layout.viewports(), from)
      if (settings.lines) for (const other of layout.viewports()) if (other !== viewport) other.draw()
    },
    onDrawn(viewport) {
      if (viewport === layout.active()) shell.announce(viewport)
    },
  })
  const makeViewport = (index: number): Viewport => {
    if (!store) throw new Error('nothing is open')
    const viewport = createViewport(hostOf(store), m().viewport(index))
    // Also what lies over the picture: a sheet to read, a tile.
    viewport.element.addEventListener('pointerdown', () => layout.activate(viewport))
    attachPointers(viewport, {
      tool: () => tool,
      marks,
      activate: layout.activate,
      locate: (from, point) => locate(from, point, layout.viewports()),
    })
    return viewport
  }
  const layout: Layout = createLayout(makeViewport, () => {
    list.mark(
      layout.active()?.series ?? null,
      layout.viewports().map(({ series }) => series),
    )
    report.show(layout.active()?.study?.reports ?? opened?.studies.flatMap(({ reports }) => reports) ?? [])
    refresh()
  })

  const choose = (study: Study, series: Series) => {
    cine.stop()
    if (layout.mode() === 'mpr') layout.set('one')
    layout.active()?.show(study, series)
    layout.changed()
    shell.closeList()
  }
  const list = createSeriesList(choose)
  const report = createReportPanel(
    () => refresh(),
    () => shell.focusOn('report'),
  )

  const openFound = async (found: Found[]) => {
    shell.showStart()
    try {
      let drawn = 0
      const result = await openFolder(found, (done, all) => {
        // Not at every file: the screen shows sixty a second.
        if (done < all && performance.now() - drawn < 50) return
        drawn = performance.now()
        start.progress(done, all)
      })
      if (result.studies.length === 0) start.say(m().nothingFound)
      else {
        app.open(result)
        if (result.skipped > 0) shell.say(m().skipped(result.skipped))
      }
    } catch {
      start.say(m().openFailed)
    }
  }
  const start = createStart(openFound, folders)

  // At the root: it stays so in the other language.
  const singleKeys = {
    hasSingleKeys: () => root.dataset.singleKeys !== 'no',
    setSingleKeys(on: boolean) {
      root.dataset.singleKeys = on ? 'yes' : 'no'
    },
  }
  const actions: Actions = {
    run(name) {
      const viewport = layout.active()
      if (!actions.can(name)) return
      if (viewport) runOn(viewport, name)
      if (name === 'help') openHelp({ ...singleKeys, has: (key) => key !== 'folder' || folders })
      else if (name === 'folder') start.choose()
      else if (name === 'report') report.toggle()
      else if (name === 'series') shell.toggleList()
      else if (name === 'full') toggleFullScreen(root)
      else if (name === 'link' || name === 'lines' || name === 'texts' || name === 'overlays') {
        settings[name] = !settings[name]
        redraw()
      }
      refresh()
    },
    can(name) {
      const viewport = layout.active()
      if (name === 'help' || name === 'full') return true
      if (name === 'folder') return folders
      if (name === 'report') return (opened?.studies ?? []).some(({ reports }) => reports.length > 0)
      if (name === 'series') return opened !== null
      const hasImage = (viewport?.slices.length ?? 0) > 0
      if (name === 'print') return hasImage || (viewport?.series?.sheets.length ?? 0) > 0
      if (name === 'play') return hasImage && (viewport?.slices.length ?? 0) > 1
      if (name === 'trash') return viewport ? marks.count(viewport) > 0 : false
      if (name === 'one' || name === 'two') return opened !== null
      return hasImage
    },
    isOn(name) {
      if (name === 'one' || name === 'two' || name === 'mpr') return layout.mode() === name
      if (name === 'play') return cine.isPlaying()
      if (name === 'invert') return layout.active()?.view.invert ?? false
      if (name === 'report') return report.isOpen()
      if (name === 'link' || name === 'lines' || name === 'texts' || name === 'overlays')
        return settings[name]
      return null
    },
    tool: () => tool,
    setTool(next) {
      tool = next
      cursor.hide()
      root.dataset.tool = next
      refresh()
    },
    keyOf: (name) => KEYS[name] ?? '',
    openPresets(anchor) {
      const viewport = layout.active()
      if (!viewport) return
      openMenu(
        anchor,
        presetsHere(viewport).map(({ name, voi }, at) => ({
          label: name,
          hint: voi.kind === 'window' ? windowWords(voi) : m().windowLut,
          key: at < 9 ? String(at + 1) : '',
          act: () => viewport.setVoi(voi),
        })),
      )
    },
    rate: () => cine.rate(),
    setRate: (perSecond) => cine.setRate(perSecond),
  }

  const runOn = (viewport: Viewport, name: ActionName) => {
    const { turns, flipH, flipV, invert } = viewport.view
    if (name === 'fit') viewport.change({ zoom: 'fit', panX: 0, panY: 0 })
    else if (name === 'actual') viewport.change({ zoom: 1 / devicePixelRatio, panX: 0, panY: 0 })
    else if (name === 'rotateLeft') viewport.change({ turns: ((turns + 3) % 4) as 0 })
    else if (name === 'rotateRight') viewport.change({ turns: ((turns + 1) % 4) as 0 })
    // As it is seen: turned by a quarter, left and right are the image's rows.
    else if (name === 'flipH') viewport.change(turns % 2 === 0 ? { flipH: !flipH } : { flipV: !flipV })
    else if (name === 'flipV') viewport.change(turns % 2 === 0 ? { flipV: !flipV } : { flipH: !flipH })
    else if (name === 'invert') viewport.change({ invert: !invert })
    else if (name === 'reset') {
      viewport.setVoi(null)
      viewport.change(viewport.home)
    } else if (name === 'play') cine.toggle(viewport)
    else if (name === 'one' || name === 'two') layout.set(name)
    else if (name === 'mpr') startMpr(viewport)
    else if (name === 'trash') marks.clear(viewport)
    else if (name === 'save')
      void savePng(viewport).then(() => shell.say(viewport.frame() ? m().saved : m().notWhole))
    else if (name === 'print') printViews(layout.viewports())
  }

  const startMpr = (viewport: Viewport) => {
    if (layout.mode() === 'mpr') return layout.set('one')
    const { study, series } = viewport
    if (study && series && store)
      void openMpr({ study, series, store, frames: mprFrames, layout, say: shell.say })
  }
  const presetsHere = (viewport: Viewport) => {
    const slice = viewport.current()
    return slice ? presetsOf(slice.image, slice.index, viewport.frame()) : []
  }

  const toolbar = createToolbar(actions)
  const shell = createShell(root, { actions, toolbar, list, layout, report, start, folders })
  root.dataset.tool = tool
  if (folders) acceptDrops(openFound, signal)
  const keys = {
    ...singleKeys,
    actions,
    cursor,
    active: () => layout.active() ?? NOTHING,
    nextSeries(by: number) {
      const { study, series } = layout.active() ?? {}
      const all = (opened?.studies ?? []).flatMap((one) =>
        one.series.map((other) => ({ study: one, series: other })),
      )
      const at = all.findIndex((one) => one.study === study && one.series === series)
      const next = all[at + by]
      if (next) choose(next.study, next.series)
    },
    nextViewport: () => layout.next(),
    preset(number: number) {
      const viewport = layout.active()
      const preset = viewport && presetsHere(viewport)[number - 1]
      if (preset) viewport.setVoi(preset.voi)
    },
    cancelMark() {
      const viewport = layout.active()
      if (viewport) marks.cancel(viewport)
    },
  }
  attachKeys(keys, signal)
  signal.addEventListener('abort', layout.end)

  const app: App = {
    start,
    opened: () => opened,
    open(next) {
      opened = next
      mprFrames.clear()
      const source = reslicing(next.frames, mprFrames)
      store = createStore(source, pool)
      layout.restart()
      const study =
        next.studies.find(({ series }) =>
          series.some(({ images, sheets }) => images.length + sheets.length > 0),
        ) ?? next.studies[0]
      const series = study?.series[0]
      // First the picture, then the thumbnails: they share the same road.
      if (study && series) layout.active()?.show(study, series)
      list.show(next.studies, store, source)
      shell.showViews()
      layout.changed()
    },
  }
  shell.showStart()
  refresh()
  return app
}

function toggleFullScreen(root: HTMLElement): void {
  if (document.fullscreenElement) void document.exitFullscreen()
  else void root.requestFullscreen?.().catch(() => {})
}

/** Keys before anything is open act on nothing. */
const NOTHING = {
  at: 0,
  slices: [],
  goTo() {},
  change() {},
  setVoi() {},
  draw() {},
  current: () => null,
  currentVoi: () => null,
  matrix: () => null,
  scale: () => 1,
  size: () => ({ width: 0, height: 0 }),
  view: { panX: 0, panY: 0 },
} as unknown as Viewport
