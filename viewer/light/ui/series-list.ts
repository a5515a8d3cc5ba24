import { day, m } from '../messages/messages.ts'
import type { FrameSource, Series, Sheet, Study } from '../model/model.ts'
import { slicesOf } from '../model/studies.ts'
import { defaultVoi } from '../pixels/gray.ts'
import { isColour, paint } from '../pixels/picture.ts'
import type { FrameStore } from '../render/store.ts'
import { aspectOf } from '../tools/spacing.ts'
import { h, svg } from './dom.ts'
import { ICONS } from './icons.ts'

/** The studies with their series, each with a thumbnail. */
export interface SeriesList {
  readonly element: HTMLElement
  show(studies: readonly Study[], store: FrameStore, source: FrameSource): void
  /** Marks what the viewports show. */
  mark(active: Series | null, others: readonly (Series | null)[]): void
}

export function createSeriesList(choose: (study: Study, series: Series) => void): SeriesList {
  const element = h('nav', { class: 'series-list', 'aria-label': m().seriesTitle })
  const items = new Map<string, HTMLElement>()
  let generation = 0
  return {
    element,
    show(studies, store, source) {
      const mine = ++generation
      items.clear()
      const jobs: (() => Promise<void>)[] = []
      element.replaceChildren(
        ...studies.flatMap((study) => [
          h(
            'div',
            { class: 'study-head' },
            h('strong', {}, study.description || m().exam),
            h('span', {}, day(study.date)),
          ),
          ...study.series.map((series) => {
            const canvas = h('canvas', { class: 'thumb', width: THUMB, height: THUMB })
            const item = h(
              'button',
              { type: 'button', class: 'series-item', on: { click: () => choose(study, series) } },
              h(
                'div',
                { class: 'thumb-box' },
                series.images.length > 0 ? canvas : svg(iconOf(series)),
                badge(series),
              ),
              h(
                'div',
                { class: 'series-words' },
                h('span', { class: 'series-name' }, nameOf(series)),
                h('span', { class: 'series-facts' }, factsOf(series)),
              ),
            )
            // A damaged one is no black picture.
            const failed = () => canvas.replaceWith(svg(ICONS.warning))
            if (series.images.length > 0)
              jobs.push(() => drawThumb(canvas, series, store, source).catch(failed))
            items.set(series.uid, item)
            return item
          }),
        ]),
      )
      void (async () => {
        for (const job of jobs) {
          if (mine !== generation) return
          await job()
        }
      })()
    },
    mark(active, others) {
      for (const [uid, item] of items) {
        const isActive = uid === active?.uid
        item.setAttribute('aria-current', String(isActive))
        item.classList.toggle(
          'is-shown',
          others.some((one) => one?.uid === uid),
        )
      }
    },
  }
}

const THUMB = 144

function nameOf({ uid, description, sheets, bodyPart }: Series): string {
  if (uid === 'unread') return m().unreadFiles
  const [sheet] = sheets
  return description || sheet?.title || (sheet && m().sheet[sheet.kind]) || bodyPart || m().unnamedSeries
}

function factsOf(series: Series): string {
  const [image] = series.images
  const count =
    image && image.frameCount > 1 && series.images.length === 1
      ? m().frames(image.frameCount)
      : series.images.length > 0
        ? m().images(slicesOf(series).length)
        : ''
  const sheets = sheetsOf(series.sheets)
  const unshown = series.unshown.length > 0 ? m().unshownCount(series.unshown.length) : ''
  const number = series.number === null ? '' : `#${series.number}`
  return [number, count, sheets, unshown].filter(Boolean).join(' · ')
}

function sheetsOf(sheets: readonly Sheet[]): string {
  if (sheets.length === 0) return ''
  const isTracing = sheets.every(({ kind }) => kind === 'waveform')
  return isTracing ? m().tracings(sheets.length) : m().sheets(sheets.length)
}

// A tracing, a document, or what cannot be shown.
function iconOf({ sheets }: Series): string {
  if (sheets.length === 0) return ICONS.warning
  return sheets.some(({ kind }) => kind === 'waveform') ? ICONS.waveform : ICONS.report
}

const badge = (series: Series): HTMLElement | null =>
  series.modality ? h('span', { class: 'badge' }, series.modality) : null

// The middle image, made small by the browser. The full frame is not kept: it is far from what is looked at.
async function drawThumb(canvas: HTMLCanvasElement, series: Series, store: FrameStore, source: FrameSource) {
  const slices = slicesOf(series)
  const slice = slices[slices.length >> 1]
  const context = canvas.getContext('2d')
  if (!slice || !context) return
  const { image, index } = slice
  const preview = await source.preview(image)
  const { columns, rows } = preview ?? image.pixel
  const data = preview ? new ImageData(preview.rgba, columns, rows) : new ImageData(columns, rows)
  if (!preview) {
    const frame = await store.load(slice)
    const voi = isColour(image) ? null : defaultVoi(frame, image, index)
    paint(frame, image, index, { voi, invert: false, overlays: true }, new Uint32Array(data.data.buffer))
  }
  const full = new OffscreenCanvas(columns, rows)
  full.getContext('2d')?.putImageData(data, 0, 0)
  const aspect = aspectOf(image, index)
  const scale = Math.min(THUMB / columns, THUMB / (rows * aspect))
  const [width, height] = [columns * scale, rows * aspect * scale]
  context.imageSmoothingQuality = 'high'
  context.drawImage(full, (THUMB - width) / 2, (THUMB - height) / 2, width, height)
}
