import { createDecodePool } from './decode/pool.ts'
import { m } from './messages/messages.ts'
import { drawPreview } from './render/preview.ts'
import { hasExam, isOnline, type OpenedExam, openExam } from './shards/open.ts'
import { createApp } from './ui/app.ts'
import { linkPlaces } from './ui/places.ts'

const root = document.getElementById('viewer')
if (root) run(root)

function run(place: HTMLElement): void {
  const pool = createDecodePool()
  let life = new AbortController()
  const folders = !isOnline()
  let app = createApp(place, pool, folders, life.signal)
  let exam: OpenedExam | null = null
  if (hasExam()) {
    // The exam is here in a moment: a page that asks for a folder meanwhile would only flicker.
    place.dataset.screen = 'opening'
    openExam(drawPreview).then(
      (opened) => {
        exam = opened
        linkPlaces(place, opened)
        app.open(opened)
      },
      () => {
        place.dataset.screen = 'start'
        app.start.say(m().openFailed)
      },
    )
  }
  addEventListener('ritiro-language', () => {
    const opened = app.opened()
    life.abort()
    life = new AbortController()
    app = createApp(place, pool, folders, life.signal)
    if (exam) linkPlaces(place, exam)
    if (opened) app.open(opened)
  })
}
