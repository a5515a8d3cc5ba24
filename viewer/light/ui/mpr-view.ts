import { m } from '../messages/messages.ts'
import type { Frame, Series, Study } from '../model/model.ts'
import { planeOf } from '../model/plane.ts'
import { standardView } from '../mpr/standard.ts'
import { reslicedSeries, volumeOf } from '../mpr/volume.ts'
import type { FrameStore } from '../render/store.ts'
import { INITIAL_VIEW, type View } from '../render/view.ts'
import type { Layout } from './layout.ts'

interface Request {
  readonly study: Study
  readonly series: Series
  readonly store: FrameStore
  /** Where the frames of volumes are kept for reslicing(). */
  readonly frames: Map<string, readonly Frame[]>
  readonly layout: Layout
  say(message: string): void
}

/** Three planes through a volume, once all its frames are there; or the reason why it has none. */
export async function openMpr({ study, series, store, frames, layout, say }: Request): Promise<void> {
  const volume = volumeOf(series)
  if (typeof volume === 'string') return say(m().mprRefused[volume])
  const viewport = layout.active()
  const at = viewport?.at ?? 0
  const all: Frame[] = []
  try {
    for (const [done, slice] of volume.slices.entries()) {
      all.push(await store.load(slice))
      if (done % 10 === 0) say(m().mprLoading(done, volume.slices.length))
    }
  } catch {
    return say(m().mprRefused.failed)
  }
  say('')
  // Something else was opened meanwhile.
  if (viewport?.series !== series) return
  frames.clear()
  frames.set(series.uid, all)
  const voi = viewport.voi
  const { rows, columns } = reslicedSeries(volume, (plane) => m().mprOf(m().planes[plane]))
  layout.set('mpr')
  const [first, second, third] = layout.viewports()
  if (first && first.series !== series) first.show(study, series, at)
  second?.show(study, rows, undefined, homeOf(rows))
  third?.show(study, columns, undefined, homeOf(columns))
  for (const one of [second, third]) one?.setVoi(voi ?? first?.currentVoi() ?? null)
  layout.changed()
}

function homeOf({ images: [image] }: Series): View {
  const plane = image && planeOf(image, 0)
  return plane ? standardView(plane) : INITIAL_VIEW
}
