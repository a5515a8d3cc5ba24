import { durations } from '../messages/it/durations.ts'
import { formatDuration } from '../ui/format.ts'

const REFRESH_EVERY_MS = 3000
/** Below this the first probe tells more of TCP's slow start than of the line. */
const TOO_SHORT_MS = 1500

/** Bytes a second on this person's line, once measured. */
let rate = 0

start()

function start() {
  if (document.querySelector('#preparing')) return void setTimeout(refresh, REFRESH_EVERY_MS)
  startCompact()
  if (isTabletAsMac()) recommendZip()
  noteStarted(document)
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

function noteStarted(within: ParentNode) {
  for (const link of within.querySelectorAll('[data-download]')) {
    link.addEventListener('click', () => {
      const started = document.querySelector<HTMLElement>('#disc-started')
      if (started) started.textContent = started.dataset.words ?? ''
    })
  }
}

/** An iPad tells servers that it is a Mac; no Mac has a touch screen. */
function isTabletAsMac(): boolean {
  return /Macintosh/.test(navigator.userAgent) && navigator.maxTouchPoints > 1
}

function recommendZip() {
  for (const list of document.querySelectorAll('[data-packings]')) {
    const zip = list.querySelector('[data-packing=zip]')
    if (zip) list.prepend(zip)
  }
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
    rate = bytes / (ms / 1000)
    const seconds = Number(size) / rate
    tellTimes()
    result.textContent = (result.dataset.measured ?? '').replace('{}', formatDuration(seconds, durations))
    document.querySelector('#line-typical')?.removeAttribute('open')
  } catch {
    result.textContent = result.dataset.failed ?? ''
  }
}

/** The time of the compact variant, as soon as the line is known and whenever its size changes. */
function tellTimes() {
  if (rate === 0) return
  for (const place of document.querySelectorAll<HTMLElement>('[data-line-size]')) {
    const time = formatDuration(Number(place.dataset.lineSize) / rate, durations)
    place.textContent = (place.dataset.measured ?? '').replace('{}', time)
  }
}

/** While the compact variant is made, its part of the page is asked for again and taken over. */
function startCompact() {
  tellTimes()
  if (document.querySelector('#compact-preparing')) setTimeout(refreshCompact, REFRESH_EVERY_MS)
}

async function refreshCompact() {
  const fresh = await freshPage()
  const part = fresh?.querySelector('#compact')
  const shown = document.querySelector('#compact')
  if (!part || !shown) return void setTimeout(refreshCompact, REFRESH_EVERY_MS)
  if (part.querySelector('#compact-preparing')) {
    // The bar itself stays, so that who listens to the page is not told the same again.
    for (const selector of ['#compact-count', 'progress']) updateFrom(part, shown, selector)
  } else {
    shown.replaceChildren(...part.childNodes)
    noteStarted(shown)
  }
  startCompact()
}

function updateFrom(part: Element, shown: Element, selector: string) {
  const [from, to] = [part.querySelector(selector), shown.querySelector(selector)]
  if (from instanceof HTMLProgressElement && to instanceof HTMLProgressElement) {
    to.max = from.max
    to.value = from.value
  } else if (from && to) to.textContent = from.textContent
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

/** This very page as it is now; null where it cannot be had. Who is no longer signed in is told so. */
async function freshPage(): Promise<Document | null> {
  const response = await fetch(location.href, { headers: { Accept: 'text/html' } }).catch(() => undefined)
  if (response?.status === 401 || response?.redirected) {
    location.reload()
    return null
  }
  return response?.ok ? new DOMParser().parseFromString(await response.text(), 'text/html') : null
}

/** Asks for this very page again and takes over what has changed in it. */
async function refresh() {
  const fresh = (await freshPage())?.querySelector('#disc')
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
