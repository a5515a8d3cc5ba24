// The list of reports: back to the images one was looking at when the session ended, and the viewer's files ahead of time.
const LONGEST_AWAY_MS = 30 * 60_000

const place = takePlace()
if (place) location.replace(place)
else if (document.readyState === 'complete') bringViewer()
else addEventListener('load', bringViewer)

/** Where viewer/ritiro.js says that this tab was, if it was lately and whoever signed in now has that exam. */
function takePlace(): string | null {
  try {
    const kept = sessionStorage.getItem('ritiro-place')
    sessionStorage.removeItem('ritiro-place')
    const { exam, address, at } = JSON.parse(kept ?? '{}') as { exam?: string; address?: string; at?: number }
    const isLate = Date.now() - (at ?? 0) > LONGEST_AWAY_MS
    // Nothing but the viewer: no page writes another address there, but another script might.
    if (isLate || !address?.startsWith('/viewer/viewer?') || !/^[0-9a-f-]{36}$/.test(exam ?? '')) return null
    return document.querySelector(`a[href="/referti/${exam}/immagini"]`) ? address : null
  } catch {
    return null
  }
}

/** One after the other, behind everything else, and not on a line on which every byte is counted. */
function bringViewer(): void {
  const { saveData } = (navigator as { connection?: { saveData?: boolean } }).connection ?? {}
  const files = document.querySelector<HTMLElement>('#viewer-files')?.dataset.files?.split(' ') ?? []
  if (saveData || !document.querySelector('a[href$="/immagini"]')) return
  const bring = async () => {
    for (const file of files) {
      if (!file) continue
      const response = await fetch(file, { priority: 'low' } as RequestInit).catch(() => undefined)
      // To its end, or the browser keeps nothing of it.
      if (!response?.ok) return
      await response.arrayBuffer()
    }
  }
  setTimeout(() => void bring(), 500)
}
