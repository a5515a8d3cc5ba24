// The one-time link of an account carries its secret after '#': it is taken out of the address and sent by the form.
const field = document.querySelector<HTMLInputElement>('#attivazione')
const token = location.hash.slice(1)

if (field && token !== '') {
  history.replaceState(null, '', location.pathname)
  field.value = token
  field.form?.requestSubmit()
}
