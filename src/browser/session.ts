// The idle end (S12): the server ends the session by itself; this script warns before, and leaves the page after.
const MAX_WARNING_SECONDS = 120
const PING_EVERY_MS = 60_000

// The console's session is another than the portal's: each is kept alive at its own address.
const aliveAt = document.body.dataset.alive ?? '/sessione/attiva'
// The body, or in the viewer's page the part of it that the portal added.
const place = document.querySelector<HTMLElement>('[data-idle-seconds]')
const idleMs = Number(place?.dataset.idleSeconds) * 1000
const warningMs = Math.min(MAX_WARNING_SECONDS * 1000, idleMs / 2)
const dialog = document.querySelector<HTMLDialogElement>('#idle-dialog')
const remainingText = document.querySelector('#idle-remaining')
const pageTitle = document.title
const otherTabs = new BroadcastChannel(`ritiro-session ${aliveAt}`)

/** When the server last heard of this session: this page's own loading, a sign of life, another tab's. */
let lastHeard = Date.now()
let lastPing = Date.now()
let moved = false
let leaving = false

if (dialog && idleMs > 0) {
  otherTabs.postMessage(lastHeard)
  otherTabs.addEventListener('message', ({ data }: MessageEvent<number>) => heard(data))
  for (const kind of ['pointerdown', 'keydown', 'scroll', 'touchmove'])
    addEventListener(
      kind,
      () => {
        moved = true
      },
      { passive: true },
    )
  document.querySelector('#idle-stay')?.addEventListener('click', () => dialog.close())
  // Escape closes it as well: whoever dismisses the warning stays.
  dialog.addEventListener('close', () => void stay())
  setInterval(() => tick(dialog), 1000)
  // A page taken out of the back-forward cache may belong to a session that has ended.
  addEventListener('pageshow', (event) => {
    if (event.persisted) location.reload()
  })
}

function tick(box: HTMLDialogElement) {
  const left = lastHeard + idleMs - Date.now()
  if (left <= 0) return leave()
  if (box.open) return showRemaining(left)
  if (left <= warningMs) {
    box.showModal()
    moved = false
    return showRemaining(left)
  }
  // Reading and scrolling are activity too, though the server does not see them.
  if (moved && Date.now() - lastPing >= PING_EVERY_MS) void stay()
}

async function stay() {
  document.title = pageTitle
  if (leaving) return
  moved = false
  lastPing = Date.now()
  const response = await fetch(aliveAt, { method: 'POST' }).catch(() => undefined)
  if (response?.status === 401) return leave()
  // Without an answer the clock goes on: the warning comes back.
  if (!response?.ok) return
  heard(lastPing)
  otherTabs.postMessage(lastPing)
}

function heard(at: number) {
  lastHeard = Math.max(lastHeard, at)
  if (dialog?.open && lastHeard + idleMs - Date.now() > warningMs) dialog.close()
}

function showRemaining(leftMs: number) {
  const seconds = Math.ceil(leftMs / 1000)
  const clock = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
  if (remainingText) remainingText.textContent = clock
  document.title = `${dialog?.dataset.titlePrefix} ${clock}`
}

function leave() {
  // Once: asked again every second, a slow page would be begun anew for ever.
  if (leaving) return
  leaving = true
  location.replace(place?.dataset.afterIdle ?? '/')
}
