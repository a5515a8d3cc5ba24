import { durations } from '../messages/it/durations.ts'
import { formatDuration } from '../ui/format.ts'

const REFRESH_EVERY_MS = 3000
/** Below this the first probe tells more of TCP's slow start than of the line. */
const TOO_SHORT_MS = 1500

start()

function start() {
  if (document.querySelector('#preparing')) return void setTimeout(refresh, REFRESH_EVERY_MS)
  if (isTabletAsMac()) recommendZip()
  for (const link of document.querySelectorAll('[data-download]')) {
    link.addEventListener('click', () => {
      const started = document.querySelector<HTMLElement>('#disc-started')
      if (started) started.textContent = started.dataset.words ?? ''
    })
  }
  const line = document.querySelector<HTMLElement>('#line')
  if (!line) return
  // A person who saves data is asked first: the probe costs a megabyte or two.
  const { connection } = navigator as { connection?: { saveData?: boolean } }
  const button = document.querySelector<HTMLButtonElement>('#line-measure')
  if (!connection?.saveData || !button) return void estimate(line)
  button.hidden = false
  button.addEventListener('click', () => {
    button.hidden = true
    void estimate(line)
  })
}

/** An iPad tells servers that it is a Mac; no Mac has a touch screen. */
function isTabletAsMac(): boolean {
  return /Macintosh/.test(navigator.userAgent) && navigator.maxTouchPoints > 1
}

function recommendZip() {
  const packings = document.querySelector('#packings')
  const zip = packings?.querySelector('[data-packing=zip]')
  if (!packings || !zip) return
  packings.prepend(zip)
  for (const packing of packings.children) {
    const recommended = packing === zip
    packing.querySelector('.portal-recommended')?.toggleAttribute('hidden', !recommended)
    const button = packing.querySelector('.btn')
    button?.classList.toggle('btn-primary', recommended)
    button?.classList.toggle('btn-outline-primary', !recommended)
  }
}

/** Says how long this download takes on this person's line, here and now (S22). */
async function estimate(line: HTMLElement) {
  const result = document.querySelector<HTMLElement>('#line-result')
  const { size, probe } = line.dataset
  if (!result || !probe) return
  result.textContent = result.dataset.measuring ?? ''
  try {
    const first = await measure(probe)
    const { bytes, ms } = first.ms < TOO_SHORT_MS ? await measure(probe) : first
    const seconds = Number(size) / (bytes / (ms / 1000))
    result.textContent = (result.dataset.measured ?? '').replace('{}', formatDuration(seconds, durations))
    document.querySelector('#line-typical')?.removeAttribute('open')
  } catch {
    result.textContent = result.dataset.failed ?? ''
  }
}

/** Time from the answer's beginning to its end, so that the server's own delay is not counted as the line's. */
async function measure(probe: string): Promise<{ bytes: number; ms: number }> {
  const response = await fetch(probe, { cache: 'no-store' })
  const reader = response.ok ? response.body?.getReader() : undefined
  if (!reader) throw new Error('no probe')
  const begin = performance.now()
  let bytes = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    bytes += value.byteLength
  }
  if (bytes === 0) throw new Error('probe too short')
  return { bytes, ms: Math.max(1, performance.now() - begin) }
}

/** Asks for this very page again and takes over what has changed in it. */
async function refresh() {
  const response = await fetch(location.href, { headers: { Accept: 'text/html' } }).catch(() => undefined)
  if (response?.status === 401 || response?.redirected) return location.reload()
  const text = response?.ok ? await response.text() : ''
  const fresh = new DOMParser().parseFromString(text, 'text/html').querySelector('#disc')
  const shown = document.querySelector('#disc')
  if (!fresh || !shown) return void setTimeout(refresh, REFRESH_EVERY_MS)
  if (!fresh.querySelector('#preparing')) {
    shown.replaceChildren(...fresh.childNodes)
    return start()
  }
  takeOver(fresh, '#preparing-count')
  const bar = shown.querySelector('progress')
  const freshBar = fresh.querySelector('progress')
  if (bar && freshBar) bar.value = freshBar.value
  setTimeout(refresh, REFRESH_EVERY_MS)
}

function takeOver(fresh: Element, selector: string) {
  const target = document.querySelector(selector)
  const source = fresh.querySelector(selector)
  if (target && source) target.textContent = source.textContent
}
