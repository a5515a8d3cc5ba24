/* global MESSAGES -- put in by the build from locale/page.json */
// A classic script that runs before OHIF: it prepares what OHIF reads, watches its answers, and keeps S12's idle end.
;(() => {
  const PHONE = '(max-width: 767px)'
  const PING_EVERY_MS = 60_000
  const WARNING_MS = 120_000
  // The portal may say in the fragment how long its sessions last idle; S12 has 15 minutes.
  const idleMs = (Number(/^#inattivita=(\d+)$/.exec(window.location.hash)?.[1]) || 900) * 1000

  // --- before OHIF reads them -------------------------------------------------------------------------------------

  // OHIF takes many settings from its address (S47: tokens, configurations, data sources): only these stay.
  const ALLOWED = ['studyinstanceuids', 'initialseriesinstanceuid', 'initialsopinstanceuid', 'esame']
  const address = new URL(window.location.href)
  for (const key of [...address.searchParams.keys()]) {
    if (!ALLOWED.includes(key.toLowerCase())) address.searchParams.delete(key)
  }
  address.hash = ''
  if (address.href !== window.location.href) window.history.replaceState(null, '', address)
  if (address.searchParams.size === 0) window.location.replace('/referti')

  // The way to the other viewer: the exam as the portal names it, where it said so.
  const exam = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.exec(
    address.searchParams.get('esame') ?? '',
  )?.[0]
  document.addEventListener('DOMContentLoaded', () => {
    const link = document.getElementById('ritiro-quick')
    if (!link || !exam) return
    link.href = `/referti/${exam}/immagini?vista=rapida`
    link.hidden = false
  })

  window.PUBLIC_URL = '/viewer/'
  try {
    window.localStorage.setItem('i18nextLng', 'it')
    window.localStorage.setItem('shownTours', '["basicViewerTour"]')
  } catch {
    // Storage is switched off: what is built in already says the same.
  }

  // --- one message at a time --------------------------------------------------------------------------------------

  let shown = ''

  function show(name) {
    // "The session has ended" explains everything that fails after it.
    if (shown === name || shown === 'ended') return
    shown = name
    // A shared computer: what was on the screen goes with the session.
    document.documentElement.classList.toggle('ritiro-ended', name === 'ended')
    const box = document.getElementById('ritiro-message')
    if (!box) {
      shown = ''
      document.addEventListener('DOMContentLoaded', () => show(name))
      return
    }
    box.hidden = name === ''
    if (name === '') return
    const { text, href, action } = MESSAGES[name]
    const link = document.createElement('a')
    link.href = href ?? window.location.href
    link.textContent = action
    box.replaceChildren(`${text} `, link)
  }

  // --- what the answers of /dicomweb mean -------------------------------------------------------------------------

  function answered(status) {
    if (status === 401) show('ended')
    if (status === 502 || status === 503 || status === 504) show('unavailable')
    if (status >= 200 && status < 300 && shown === 'unavailable') show('')
  }
  window.ritiro = { answered }

  const plainFetch = window.fetch
  window.fetch = async (...request) => {
    const response = await plainFetch(...request)
    answered(response.status)
    return response
  }
  const plainSend = XMLHttpRequest.prototype.send
  XMLHttpRequest.prototype.send = function (...body) {
    this.addEventListener('load', () => answered(this.status))
    return plainSend.apply(this, body)
  }

  // A piece of this version that is gone: the hospital has installed a new one since the page was opened.
  window.addEventListener('unhandledrejection', ({ reason }) => {
    if (reason?.name === 'ChunkLoadError' || reason?.code === 'CSS_CHUNK_LOAD_FAILED') show('updated')
  })
  // React takes the whole page away when it cannot draw a part of it.
  window.addEventListener('error', () => {
    setTimeout(() => {
      if (document.getElementById('root')?.childElementCount === 0) show('broken')
    }, 100)
  })

  // --- the idle end (S12): scrolling through images that are here already asks the server for nothing ----------------

  const otherTabs = new BroadcastChannel('ritiro-session')
  let lastHeard = Date.now()
  let lastPing = Date.now()
  let lastMoved = 0

  otherTabs.addEventListener('message', ({ data }) => {
    if (typeof data === 'number') lastHeard = Math.max(lastHeard, data)
  })
  for (const kind of ['pointerdown', 'pointermove', 'wheel', 'keydown', 'touchmove']) {
    const moved = () => {
      lastMoved = Date.now()
    }
    window.addEventListener(kind, moved, { passive: true, capture: true })
  }
  const timer = setInterval(() => {
    const left = lastHeard + idleMs - Date.now()
    if (left <= 0) {
      clearInterval(timer)
      show('ended')
      return
    }
    if (left <= WARNING_MS && left <= idleMs / 2 && shown === '') show('idle')
    else if (left > WARNING_MS && shown === 'idle') show('')
    const pingEveryMs = Math.min(PING_EVERY_MS, idleMs / 4)
    if (lastMoved > lastPing && (shown === 'idle' || Date.now() - lastPing >= pingEveryMs)) void ping()
  }, 1000)

  async function ping() {
    lastPing = Date.now()
    const response = await window.fetch('/sessione/attiva', { method: 'POST' }).catch(() => undefined)
    // Without an answer the clock goes on: the warning stays.
    if (!response?.ok) return
    lastHeard = lastPing
    otherTabs.postMessage(lastPing)
    if (shown === 'idle') show('')
  }

  // "Back" after "Esci" must not bring the images back from the browser's memory.
  window.addEventListener('pageshow', (event) => {
    if (event.persisted) window.location.reload()
  })

  // --- phones: the list of series lies over the image, and goes away once one is chosen --------------------------------

  const closeSeries = ({ target }) => {
    if (!window.matchMedia(PHONE).matches) return
    if (!target.closest?.('[data-cy^="study-browser-thumbnail"]') || target.closest('button')) return
    const close = document.querySelector('#viewerLayoutResizableLeftPanel [data-cy="side-panel-header-left"]')
    setTimeout(() => close?.click(), 150)
  }
  // While the event goes down: OHIF does not let it come up again.
  document.addEventListener('click', closeSeries, { capture: true })
})()
