import { createDecodePool } from './decode/pool.ts'
import { createApp } from './ui/app.ts'

const root = document.getElementById('viewer')
if (root) run(root)

function run(place: HTMLElement): void {
  const pool = createDecodePool()
  let life = new AbortController()
  let app = createApp(place, pool, life.signal)
  addEventListener('ritiro-language', () => {
    const opened = app.opened()
    life.abort()
    life = new AbortController()
    app = createApp(place, pool, life.signal)
    if (opened) app.open(opened)
  })
}
