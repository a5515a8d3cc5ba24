import { fitsNames, readTaxCode } from '../tax-code/tax-code.ts'

// Registering by keyboard: the tax code fills what it tells, Enter goes to the next field that lacks something and
// registers when none does, and slips are told before the form is sent. The server checks all of it again.
const form = document.querySelector<HTMLFormElement>('#registra')
if (form) watch(form)

function watch(form: HTMLFormElement) {
  const faults = JSON.parse(form.dataset.faults ?? '{}') as Record<string, string>
  const input = (name: string) => form.elements.namedItem(name) as HTMLInputElement
  // A correction asks for no address.
  const asksEmail = form.elements.namedItem('email') !== null
  const taxCode = input('codice_fiscale')

  taxCode.addEventListener('input', () => readTax(taxCode))
  for (const name of ['cognome', 'nome']) input(name).addEventListener('change', checkNames)
  if (asksEmail)
    for (const name of ['email_di_nuovo', 'email']) {
      input(name).addEventListener('input', () => compareEmails(true))
      input(name).addEventListener('change', () => compareEmails(false))
    }
  form.addEventListener('keydown', (event) => {
    const { target } = event
    if (event.key !== 'Enter' || !(target instanceof HTMLInputElement) || target.type === 'submit') return
    const next = nextLacking(target)
    if (!next) return
    event.preventDefault()
    next.focus()
  })
  document.querySelector('#aggiungi-esame')?.addEventListener('click', addExam)
  form.addEventListener('click', ({ target }) => {
    if (target instanceof HTMLElement && target.classList.contains('desk-remove'))
      target.parentElement?.remove()
  })

  /** The next field after this one that lacks something, or the first of all; an address lacks its second writing. */
  function nextLacking(current: HTMLInputElement): HTMLElement | undefined {
    const fields = [...form.elements].filter((field) => field instanceof HTMLInputElement)
    const lacking = fields.filter((field) => !field.checkValidity() || isLeftOut(field))
    const after = lacking.filter(
      (field) => current.compareDocumentPosition(field) & Node.DOCUMENT_POSITION_FOLLOWING,
    )
    return after[0] ?? lacking.find((field) => field !== current)
  }

  // Who gave no answer yet was not asked for the address: the desk passes by it once.
  function isLeftOut(field: HTMLInputElement): boolean {
    if (field.name === 'email_di_nuovo') return input('email').value !== '' && field.value === ''
    return field.name === 'email' && field.value === '' && !form.querySelector('[name=consenso]:checked')
  }

  function readTax(field: HTMLInputElement) {
    const typed = field.value.replace(/\s/g, '')
    if (typed.length < 11 || (typed.length < 16 && !/^\d{11}$/.test(typed))) return tell(field, '')
    const reading = readTaxCode(typed, form.dataset.today ?? '')
    if (reading.kind === 'wrong') {
      const words = { form: faults.taxForm, check: faults.taxCheck, date: faults.taxDate }
      return tell(field, words[reading.reason] ?? '', 'error')
    }
    if (reading.kind === 'other') return tell(field, form.dataset.other ?? '', 'good')
    const { birthDate, sex, place } = reading.facts
    input('nascita').value = birthDate.split('-').reverse().join('/')
    ;(form.elements.namedItem('sesso') as HTMLSelectElement).value = sex
    tell(field, form.dataset.filled ?? '', 'good')
    checkNames()
    void fillPlace(place)
  }

  async function fillPlace(code: string) {
    const response = await fetch(`/desk/luoghi/${code}`).catch(() => null)
    const { name } = response?.ok ? ((await response.json()) as { name: string }) : { name: code }
    input('luogo').value = name
  }

  function checkNames() {
    const [familyName, givenName] = [input('cognome'), input('nome')]
    const reading = readTaxCode(taxCode.value, form.dataset.today ?? '')
    if (reading.kind !== 'person' || !familyName.value || !givenName.value) return tell(givenName, '')
    const fit = fitsNames(reading.facts.code, familyName.value, givenName.value)
    tell(givenName, fit ? '' : (form.dataset.namesDiffer ?? ''), 'error')
  }

  function compareEmails(isTyping: boolean) {
    const [first, second] = [input('email').value.trim(), input('email_di_nuovo').value.trim()]
    const same = first.toLowerCase() === second.toLowerCase()
    input('email_di_nuovo').setCustomValidity(same ? '' : (faults.emailDiffers ?? ''))
    // As far as it goes it may be the same.
    const mayBecome = isTyping && !same && first.toLowerCase().startsWith(second.toLowerCase())
    if (second === '' || mayBecome) return tell(input('email_di_nuovo'), '')
    tell(
      input('email_di_nuovo'),
      (same ? form.dataset.same : faults.emailDiffers) ?? '',
      same ? 'good' : 'error',
    )
  }

  function addExam() {
    const all = [...form.querySelectorAll<HTMLElement>('.desk-exam')]
    const last = all.at(-1)
    if (!last || all.length >= 20) return
    const number = Math.max(...all.map((exam) => Number(exam.dataset.number))) + 1
    const copy = last.cloneNode(true) as HTMLElement
    for (const element of copy.querySelectorAll('[id], [name], [for], [aria-describedby]'))
      for (const name of ['id', 'name', 'for', 'aria-describedby']) {
        const value = element.getAttribute(name)
        if (value) element.setAttribute(name, value.replaceAll(/_\d+/g, `_${number}`))
      }
    copy.dataset.number = String(number)
    const legend = copy.querySelector('legend')
    if (legend) legend.textContent = legend.textContent.replace(/\d+/, String(number))
    copy.querySelector(`[name="id_${number}"]`)?.remove()
    copy.querySelector('.desk-remove')?.removeAttribute('hidden')
    for (const name of [`esame_${number}`, `numero_${number}`]) {
      const field = copy.querySelector<HTMLInputElement>(`[name="${name}"]`)
      if (field) field.value = ''
    }
    last.after(copy)
    copy.querySelector<HTMLInputElement>('input')?.focus()
  }
}

function tell(field: HTMLInputElement, words: string, state: 'good' | 'error' | '' = '') {
  const status = document.querySelector<HTMLElement>(`#${field.id}-error`)
  if (!status) return
  status.textContent = words
  if (words === '' || state === '') delete status.dataset.state
  else status.dataset.state = state
}
