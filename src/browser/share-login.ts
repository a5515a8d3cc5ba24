import { withoutSeparators } from '../pin/damm.ts'
import { shareToken } from '../ui/share-link.ts'

// The page works without this script: the code of the link can be pasted, and the server checks everything again.
const form = document.querySelector<HTMLFormElement>('#share-form')
const code = document.querySelector<HTMLInputElement>('#codice')
const pin = document.querySelector<HTMLInputElement>('#pin')
const PIN_LENGTH = 7

if (form && code && pin) {
  takeToken(code, pin)
  addEventListener('hashchange', () => takeToken(code, pin))
  pin.addEventListener('input', () => show(pin, ''))
  form.addEventListener('submit', (event) => refuseSlips(event, pin))
}

/** Moves the token into the form and out of the address and the history (S35). */
function takeToken(field: HTMLInputElement, next: HTMLInputElement) {
  const token = shareToken(location.hash)
  if (token) {
    history.replaceState(null, '', location.pathname + location.search)
    field.value = token
    next.focus()
  }
  const place = document.querySelector<HTMLElement>('#code-field')
  if (!place) return
  place.hidden = field.value !== ''
  place.dataset.known = 'true'
}

/** A PIN that cannot be one is told here and costs no attempt. */
function refuseSlips(event: SubmitEvent, field: HTMLInputElement) {
  const digits = withoutSeparators(field.value)
  if (digits.length === PIN_LENGTH && /^[0-9]+$/.test(digits)) return
  event.preventDefault()
  show(field, field.dataset.check ?? '')
  field.focus()
}

function show(field: HTMLInputElement, words: string) {
  const status = document.getElementById(`${field.id}-error`)
  if (!status) return
  if (status.textContent !== words) status.textContent = words
  status.dataset.state = words === '' ? '' : 'error'
  if (words === '') field.removeAttribute('aria-invalid')
  else field.setAttribute('aria-invalid', 'true')
}
