const REFRESH_EVERY_MS = 3000

setTimeout(refresh, REFRESH_EVERY_MS)

/** Asks for this very page again: takes over how far the preparation is, and opens the viewer once it is over. */
async function refresh() {
  const response = await fetch(location.href, { headers: { Accept: 'text/html' } }).catch(() => undefined)
  if (response?.status === 401 || response?.redirected) return location.reload()
  const text = response?.ok ? await response.text() : ''
  const fresh = new DOMParser().parseFromString(text, 'text/html')
  if (text && !fresh.querySelector('#preparing')) return location.reload()
  const count = fresh.querySelector('#preparing-count')
  const bar = fresh.querySelector('progress')
  const shownCount = document.querySelector('#preparing-count')
  const shownBar = document.querySelector('progress')
  if (count && shownCount) shownCount.textContent = count.textContent
  if (bar && shownBar) {
    shownBar.max = bar.max
    shownBar.value = bar.value
  }
  setTimeout(refresh, REFRESH_EVERY_MS)
}
