// The console by keyboard: Alt and a letter opens a section, or presses the button that says so (aria-keyshortcuts).
addEventListener('keydown', (event) => {
  if (!event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return
  // The key's place, not its letter: with Alt some keyboards write another one.
  const key = /^Key([A-Z])$/.exec(event.code)?.[1]?.toLowerCase()
  const target = key && document.querySelector<HTMLElement>(`[data-key="${key}"]`)
  if (!target) return
  event.preventDefault()
  if (target instanceof HTMLInputElement) {
    target.focus()
    target.select()
  } else target.click()
})
