// Runs before OHIF: prepares what it reads from the browser, and watches its requests for it.
;(() => {
  const MESSAGES = {
    ended: {
      text: 'La sessione è terminata. Per continuare a vedere le immagini accedi di nuovo.',
      href: '/',
      action: 'Vai alla pagina di accesso',
    },
    updated: {
      text: 'Il visualizzatore è stato aggiornato nel frattempo.',
      href: '',
      action: 'Ricarica la pagina',
    },
    broken: {
      text: 'Questo contenuto non si può mostrare nel browser. Puoi scaricare le immagini dalla pagina dei referti.',
      href: '/referti',
      action: 'Torna ai referti',
    },
    unavailable: {
      text: 'In questo momento le immagini non si possono leggere. Riprova tra qualche minuto.',
      href: '',
      action: 'Riprova',
    },
  }

  // OHIF takes many settings from its address (S47: tokens, configurations, data sources): only these stay.
  const ALLOWED = ['studyinstanceuids', 'initialseriesinstanceuid', 'initialsopinstanceuid']
  const address = new URL(window.location.href)
  for (const key of [...address.searchParams.keys()]) {
    if (!ALLOWED.includes(key.toLowerCase())) address.searchParams.delete(key)
  }
  if (address.href !== window.location.href) window.history.replaceState(null, '', address)
  if (address.searchParams.size === 0) window.location.replace('/referti')

  window.PUBLIC_URL = '/viewer/'
  try {
    window.localStorage.setItem('i18nextLng', 'it')
    window.localStorage.setItem('shownTours', '["basicViewerTour"]')
  } catch {
    // Storage is switched off: OHIF's own configuration already says the same.
  }

  let shown = ''

  function show(name) {
    // "The session has ended" explains everything that fails after it.
    if (shown === name || shown === 'ended') return
    shown = name
    const box = document.getElementById('ritiro-message')
    if (!box) {
      shown = ''
      document.addEventListener('DOMContentLoaded', () => show(name))
      return
    }
    const { text, href, action } = MESSAGES[name]
    const link = document.createElement('a')
    link.href = href || window.location.href
    link.textContent = action
    box.replaceChildren(document.createTextNode(`${text} `), link)
    box.hidden = false
  }

  /** What an answer of /dicomweb means for the person: its status, 0 for no answer at all. */
  function answered(status) {
    if (status === 401) show('ended')
    if (status === 502 || status === 503 || status === 504) show('unavailable')
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

  // On a phone the list of series lies over the image: it goes away once one is chosen.
  const closeSeries = ({ target }) => {
    if (!window.matchMedia('(max-width: 767px)').matches) return
    if (!target.closest?.('[data-cy^="study-browser-thumbnail"]') || target.closest('button')) return
    const close = document.querySelector('#viewerLayoutResizableLeftPanel [data-cy="side-panel-header-left"]')
    setTimeout(() => close?.click(), 150)
  }
  // While it goes down: OHIF does not let it come up again.
  document.addEventListener('click', closeSeries, { capture: true })

  // "Back" after "Esci" must not bring the images back from the browser's memory.
  window.addEventListener('pageshow', (event) => {
    if (event.persisted) window.location.reload()
  })
})()
