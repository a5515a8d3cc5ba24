import { hasValidCheckDigit, withoutSeparators } from '../pin/damm.ts'
import { groupPin } from '../ui/format.ts'

// The page works without this script: the server checks everything again.
const form = document.querySelector<HTMLFormElement>('#pin-form')
const pin1 = document.querySelector<HTMLInputElement>('#pin1')
const pin2 = document.querySelector<HTMLInputElement>('#pin2')
const PIN1_LENGTH = 12
const PIN2_LENGTH = 8

if (form && pin1) {
  takePin1FromFragment(pin1)
  addEventListener('hashchange', () => takePin1FromFragment(pin1))
  pin1.addEventListener('input', () => checkWhileTyping(pin1))
  pin1.addEventListener('blur', () => leavePin1(pin1))
  pin2?.addEventListener('input', () => show(pin2, undefined))
  form.addEventListener('submit', (event) => refuseSlips(event, pin1))
}

/** The slip's QR code carries PIN1 after '#': no server and no log ever sees it (S3). It must not stay in the history. */
function takePin1FromFragment(field: HTMLInputElement) {
  const found = /^#pin1=([0-9-]+)$/.exec(location.hash)
  if (!found) return
  history.replaceState(null, '', location.pathname + location.search)
  const digits = withoutSeparators(found[1] ?? '')
  field.value = groupPin(digits)
  const problem = problemOfPin1(digits)
  show(field, problem ?? 'filled', problem ? 'error' : 'good')
  if (!problem) pin2?.focus()
}

/** While typing only what is certain is said: a missing digit is no mistake yet (S4). */
function checkWhileTyping(field: HTMLInputElement) {
  const digits = withoutSeparators(field.value)
  if (digits.length < PIN1_LENGTH && /^[0-9]*$/.test(digits)) return show(field, undefined)
  const problem = problemOfPin1(digits)
  show(field, problem ?? 'complete', problem ? 'error' : 'good')
}

function leavePin1(field: HTMLInputElement) {
  const digits = withoutSeparators(field.value)
  if (digits === '') return show(field, undefined)
  if (/^[0-9]+$/.test(digits)) field.value = groupPin(digits)
  const problem = problemOfPin1(digits)
  show(field, problem ?? 'complete', problem ? 'error' : 'good')
}

/** A slip of the finger is told here and costs no attempt (S4). */
function refuseSlips(event: SubmitEvent, field: HTMLInputElement) {
  const problem = problemOfPin1(withoutSeparators(field.value))
  if (problem) {
    event.preventDefault()
    show(field, problem, 'error')
    field.focus()
    return
  }
  if (!pin2 || new RegExp(`^[0-9]{${PIN2_LENGTH}}$`).test(withoutSeparators(pin2.value))) return
  event.preventDefault()
  show(pin2, 'notPin2', 'error')
  pin2.focus()
}

/** The name of the data attribute that holds the words, or undefined where nothing is wrong. */
function problemOfPin1(digits: string) {
  if (!/^[0-9]*$/.test(digits)) return 'notDigits'
  if (digits.length > PIN1_LENGTH) return 'tooMany'
  if (digits.length === PIN2_LENGTH) return 'looksLikePin2'
  if (digits.length < PIN1_LENGTH) return 'tooFew'
  return hasValidCheckDigit(digits) ? undefined : 'badDigit'
}

function show(field: HTMLInputElement, key: string | undefined, state?: 'error' | 'good') {
  const status = document.getElementById(`${field.id}-error`)
  if (!status) return
  const words = (key && field.dataset[key]) ?? ''
  // Rewriting the same words would make a screen reader say them again at every key.
  if (status.textContent !== words) status.textContent = words
  status.dataset.state = state ?? ''
  if (state === 'error') field.setAttribute('aria-invalid', 'true')
  else field.removeAttribute('aria-invalid')
}
