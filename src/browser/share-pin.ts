// "Copia link" and "Copia PIN": only where the browser has a clipboard. Without it the texts can be selected.
if ('clipboard' in navigator)
  for (const button of document.querySelectorAll<HTMLButtonElement>('[data-copies]')) {
    button.hidden = false
    button.addEventListener('click', () => void copy(button))
  }

async function copy({ dataset }: HTMLButtonElement) {
  const text = document.getElementById(dataset.copies ?? '')?.dataset.copy ?? ''
  const status = document.getElementById(`${dataset.copies}-copied`)
  const done = await navigator.clipboard.writeText(text).then(
    () => true,
    () => false,
  )
  if (status) status.textContent = (done ? dataset.done : dataset.failed) ?? ''
}
