/* global MESSAGES -- put in by the build from locale/page.json */
// A classic script that runs before OHIF: it prepares what OHIF reads, watches its answers, and keeps S12's idle end.
;(() => {
  const PHONE = '(max-width: 767px)'
  const PING_EVERY_MS = 60_000
  const WARNING_MS = 120_000
  // The portal may say in the fragment how long its sessions last idle; S12 has 15 minutes.
  const idleMs = (Number(/^#inattivita=(\d+)$/.exec(window.location.hash)?.[1]) || 900) * 1000
  const LOOK_EVERY_MS = 15_000
  const MOST_EARLY_SERIES = 6

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

  // The exam as the portal names it, where it said so: for the way to the other viewer, the report, and back after a login.
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
    link.addEventListener('click', (event) => followed(name, event))
    box.replaceChildren(`${text} `, link)
  }

  function followed(name, event) {
    if (name === 'unavailable') {
      event.preventDefault()
      for (const again of waiting) again()
    }
    if (name === 'ended') rememberPlace()
    if (name === 'grown') {
      event.preventDefault()
      const place = placeNow()
      if (place === window.location.href) window.location.reload()
      else window.location.assign(place)
    }
  }

  // --- the place: after a login, or when the exam has grown, one looks on where one was ------------------------------

  /** This page's address with the series and the image that are shown. */
  function placeNow() {
    const place = new URL(window.location.href)
    try {
      const { viewportGridService, cornerstoneViewportService } = window.services
      const viewport = cornerstoneViewportService.getCornerstoneViewport(
        viewportGridService.getActiveViewportId(),
      )
      const [, series, instance] =
        /\/series\/([0-9.]+)\/instances\/([0-9.]+)\//.exec(viewport.getCurrentImageId()) ?? []
      if (series) place.searchParams.set('initialSeriesInstanceUID', series)
      if (instance) place.searchParams.set('initialSOPInstanceUID', instance)
    } catch {
      // Nothing is shown yet.
    }
    return place.href
  }

  // For the portal's list, in this tab alone, which compares it with the exams of whoever signs in.
  function rememberPlace() {
    if (!exam) return
    try {
      const { pathname, search, hash } = new URL(lastPlace)
      const place = { exam, address: pathname + search + hash, at: Date.now() }
      window.sessionStorage.setItem('ritiro-place', JSON.stringify(place))
    } catch {
      // Storage is switched off: the list it is.
    }
  }

  // --- what the answers of /dicomweb mean -------------------------------------------------------------------------

  /** Requests that failed and wait for their next attempt: each a function that makes it now. */
  const waiting = new Set()
  let lastPlace = window.location.href

  /** Paths of images that cannot be had: a video, or what no codec knows. */
  const refused = new Set()

  function answered(status, path) {
    if (status >= 400 && status !== 401 && /\/frames\/\d+$/.test(path)) refused.add(path)
    if (status === 401) {
      lastPlace = placeNow()
      show('ended')
    }
    // What is prepared comes all the while: the message stays until nothing waits for the archive.
    if (status > 0 && shown === 'unavailable' && waiting.size === 0) show('')
  }
  window.ritiro = { answered, look }

  // The archive, the gateway or the line is away for a moment. Without Retry-After a 503 is for good: of this one thing.
  const isAway = (status, retryAfter) =>
    status === 502 || status === 504 || (status === 503 && retryAfter !== null)

  /** Calls `again` after a pause that grows, or at once when the person asks for it; returns what forgets it. */
  function retryLater(attempt, again) {
    // A short restart is nobody's concern.
    if (attempt >= 2) show('unavailable')
    const now = () => {
      forget()
      again()
    }
    const timer = setTimeout(now, Math.min(500 * 2 ** attempt, 5000) * (0.75 + Math.random() / 2))
    const forget = () => {
      clearTimeout(timer)
      waiting.delete(now)
    }
    waiting.add(now)
    return forget
  }

  const plainFetch = window.fetch
  window.fetch = async (input, init) => {
    const asked = String(input?.url ?? input)
    const retried = asked.includes('/dicomweb/')
    const taken = frames.has(asked) && (await takeFrame(asked))
    if (taken) return taken
    for (let attempt = 0; ; attempt++) {
      const response = await plainFetch(input, init).catch((error) => {
        if (!retried || error.name === 'AbortError') throw error
      })
      if (response && !(retried && isAway(response.status, response.headers.get('retry-after')))) {
        answered(response.status, new URL(response.url).pathname)
        return response
      }
      await new Promise((done) => retryLater(attempt, done))
    }
  }

  // --- what OHIF asks first, asked while its scripts are still on their way: three round trips less ------------------------

  /** Answers by address, as text. OHIF takes them (patches.ts), and asks by itself where there is none. */
  const early = new Map()

  function askEarly(path) {
    const answer = plainFetch(path, { headers: { accept: 'application/dicom+json' } })
      .then((response) => (response.ok ? response.text() : null))
      .catch(() => null)
    early.set(path, answer)
    return answer
  }

  // To the letter as OHIF writes them: of another address it would take nothing.
  async function askStart(uid) {
    const study = `/dicomweb/studies/${uid}`
    void askEarly(
      `/dicomweb/studies?limit=101&offset=0&fuzzymatching=false&includefield=00081030%2C00080060%2C00080090%2C00100030&StudyInstanceUID=${uid}`,
    )
    const told = await askEarly(`${study}/series?includefield=00080021%2C00080031%2C0008103E%2C00200011`)
    const series = JSON.parse(told ?? '[]').slice(0, MOST_EARLY_SERIES)
    const metadata = series.map((one) => askEarly(`${study}/series/${valueIn(one, '0020000E')}/metadata`))
    const wanted = address.searchParams.get('initialSeriesInstanceUID')
    const first = wanted
      ? series.find((one) => valueIn(one, '0020000E') === wanted)
      : lowest(series, '00200011')
    if (first) firstFrame = frameOf(study, JSON.parse((await metadata[series.indexOf(first)]) ?? '[]'))
  }
  window.ritiro.early = (path) => early.get(path)?.then((text) => text && JSON.parse(text))

  const valueIn = (dataset, tag) => dataset[tag]?.Value?.[0]
  const LAST = 2 ** 31
  const lowest = (datasets, tag) =>
    datasets.toSorted((a, b) => (valueIn(a, tag) ?? LAST) - (valueIn(b, tag) ?? LAST))[0]

  /** The path of the image that OHIF will show first, as far as one can tell; a wrong guess costs one image. */
  let firstFrame = null
  const frames = new Map()

  function frameOf(study, instances) {
    const wanted = address.searchParams.get('initialSOPInstanceUID')
    const shown = instances.find((one) => wanted && valueIn(one, '00080018') === wanted)
    const {
      '0020000E': series,
      '00080018': instance,
      '00280010': rows,
    } = shown ?? lowest(instances, '00200013') ?? {}
    return rows && `${study}/series/${series?.Value?.[0]}/instances/${instance?.Value?.[0]}/frames/1`
  }

  // The first line of OHIF's own script (build.ts): all scripts are here, and the line is idle while they run.
  window.ritiro.running = () => {
    if (firstFrame) {
      const [accept] = window.config.dataSources[0].configuration.acceptHeader
      const answer = plainFetch(firstFrame, { headers: { accept } }).catch(() => null)
      frames.set(firstFrame, answer)
    }
    document.head.append(document.getElementById('ritiro-soon').content)
  }

  /** An answer that is on its way already, once. */
  async function takeFrame(path) {
    const answer = await frames.get(path)
    frames.delete(path)
    return answer?.ok ? answer : undefined
  }

  const [firstStudy] = (address.searchParams.get('StudyInstanceUIDs') ?? '').split(',')
  if (/^[0-9.]+$/.test(firstStudy)) void askStart(firstStudy)
  // Later it would be old.
  window.addEventListener('load', () =>
    setTimeout(() => {
      early.clear()
      frames.clear()
    }, 30_000),
  )

  /** OHIF's requests: one that fails because something is away is made again, and OHIF only sees the answer. */
  window.XMLHttpRequest = class extends window.XMLHttpRequest {
    #opened = []
    #headers = []
    #body = null
    #attempt = 0
    #aborted = false
    #forget = () => {}

    constructor() {
      super()
      // Listeners are called in the order they came: these first, so that nobody else hears of a failed attempt.
      for (const kind of ['readystatechange', 'progress', 'load', 'error', 'loadend'])
        super.addEventListener(kind, (event) => this.#heard(event))
    }

    open(method, address, ...rest) {
      this.#opened = [method, address, ...rest]
      this.#headers = []
      this.#attempt = 0
      this.#aborted = false
      super.open(method, address, ...rest)
    }

    setRequestHeader(name, value) {
      this.#headers.push([name, value])
      super.setRequestHeader(name, value)
    }

    send(body) {
      this.#body = body ?? null
      super.send(this.#body)
    }

    abort() {
      this.#aborted = true
      this.#forget()
      super.abort()
    }

    #heard(event) {
      if (this.#aborted || this.readyState !== XMLHttpRequest.DONE) {
        // Of a further attempt: who asked knows that it was opened.
        if (this.#attempt > 0 && event.type === 'readystatechange' && this.readyState === 1)
          event.stopImmediatePropagation()
        return
      }
      const [method, address] = this.#opened
      const retried = method?.toUpperCase() === 'GET' && String(address).includes('/dicomweb/')
      if (!retried || (this.status !== 0 && !isAway(this.status, this.getResponseHeader('retry-after')))) {
        if (event.type === 'loadend') answered(this.status, String(address))
        return
      }
      event.stopImmediatePropagation()
      if (event.type === 'loadend') this.#forget = retryLater(this.#attempt++, () => this.#again())
    }

    #again() {
      const headers = this.#headers
      super.open(...this.#opened)
      for (const [name, value] of headers) super.setRequestHeader(name, value)
      super.send(this.#body)
    }
  }

  // --- what OHIF cannot show is said in words: a segmentation or a plan whose images are not in this exam ------------

  const EMPTY_AFTER_MS = 6000
  const emptySince = new Map()

  setInterval(() => {
    for (const pane of document.querySelectorAll('[data-cy="viewport-pane"]')) {
      const said = pane.querySelector(':scope > .ritiro-nothing')
      const isBlack = isRefused(pane)
      const shows =
        pane.querySelector('canvas, object, video, iframe, img') ||
        (pane.textContent ?? '').length > (said?.textContent.length ?? 0)
      if (shows && !isBlack) {
        emptySince.delete(pane)
        said?.remove()
        continue
      }
      const since = emptySince.get(pane) ?? Date.now()
      emptySince.set(pane, since)
      if (said || (!isBlack && Date.now() - since < EMPTY_AFTER_MS)) continue
      const words = document.createElement('div')
      words.className = 'ritiro-empty ritiro-nothing'
      words.textContent = MESSAGES.nothing.text
      pane.append(words)
    }
  }, 1000)

  /** A viewport whose present image cannot be had: its canvas stays black. */
  function isRefused(pane) {
    const id = pane.querySelector('[data-viewport-uid]')?.dataset.viewportUid
    try {
      const viewport = window.services.cornerstoneViewportService.getCornerstoneViewport(id)
      return refused.has(viewport.getCurrentImageId().replace('wadors:', ''))
    } catch {
      return false
    }
  }

  // --- more images than when the page was opened (S8) -------------------------------------------------------------

  // By the very answer that a reload would show; who has it already is told no more than that (304).
  const seen = new Map()

  async function look() {
    const uids = new URLSearchParams(window.location.search).get('StudyInstanceUIDs')
    if (!uids || document.hidden || shown !== '') return
    for (const uid of uids.split(',')) {
      const before = seen.get(uid)
      const headers = { accept: 'application/dicom+json', ...(before && { 'if-none-match': before.etag }) }
      const response = await plainFetch(`/dicomweb/studies/${uid}/metadata`, { headers }).catch(
        () => undefined,
      )
      if (response?.status !== 200) continue
      const count = (await response.json()).length
      if (before && count > before.count) show('grown')
      seen.set(uid, { etag: response.headers.get('etag'), count })
    }
  }
  // Only while someone is there: a page left open asks for nothing, so that the session can end.
  let lastLook = 0
  setInterval(() => {
    if (lastMoved < lastLook && lastLook > 0) return
    lastLook = Date.now()
    void look()
  }, LOOK_EVERY_MS)

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

  const otherTabs = new BroadcastChannel('ritiro-session /sessione/attiva')
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
      lastPlace = placeNow()
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

  // --- the report beside the images -------------------------------------------------------------------------------

  document.addEventListener('DOMContentLoaded', () => {
    const button = document.getElementById('ritiro-report')
    if (!button || !exam) return
    button.hidden = false
    button.addEventListener('click', () => {
      const shows = document.documentElement.classList.toggle('ritiro-beside')
      button.setAttribute('aria-pressed', String(shows))
      let frame = document.getElementById('ritiro-report-frame')
      if (shows && !frame) {
        frame = document.createElement('iframe')
        frame.id = 'ritiro-report-frame'
        frame.title = MESSAGES.reportTitle
        frame.src = `/referti/${exam}?accanto`
        document.body.append(frame)
      }
      // OHIF draws its panes anew for the width that is left.
      window.dispatchEvent(new Event('resize'))
    })
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
