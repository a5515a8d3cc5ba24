import { Hono } from 'hono'
import { html, raw } from 'hono/html'
import { secureHeaders } from 'hono/secure-headers'
import type { MailMessage } from './messages.ts'

/** The mailbox's pages, for people who try the demo: a list, a mail, and the same as JSON. */
export function mailboxPages(messages: () => MailMessage[], verificationCode?: () => string | null) {
  const find = (id: string) => messages().find((message) => message.id === id)
  const pages = new Hono()
  // The mail's own HTML, in a frame that runs no script, loads nothing and reaches nothing of ours. It stands
  // before the middleware, whose policy is looser.
  pages.get('/messages/:id/html', (c) => {
    const markup = find(c.req.param('id'))?.html
    if (!markup) return c.notFound()
    return c.html(`<base target="_top">${markup}`, 200, {
      'Content-Security-Policy': `default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox ${LINKS_ONLY}`,
      'X-Content-Type-Options': 'nosniff',
    })
  })
  pages.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'none'"],
        styleSrc: ["'unsafe-inline'"],
        imgSrc: ['data:'],
        frameSrc: ["'self'"],
        frameAncestors: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
      },
      xFrameOptions: 'SAMEORIGIN',
    }),
  )
  pages.get('/', (c) => c.html(listPage(messages().toReversed())))
  pages.get('/codice', (c) => {
    const code = verificationCode?.()
    return code ? c.html(codePage(code)) : c.notFound()
  })
  pages.get('/messages.json', (c) => c.json(messages()))
  pages.get('/messages/:id', (c) => {
    const message = find(c.req.param('id'))
    return message ? c.html(messagePage(message)) : c.notFound()
  })
  return pages
}

// A link in a mail leads out of the frame when it is clicked; nothing else is allowed.
const LINKS_ONLY = 'allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation'

function listPage(messages: MailMessage[]) {
  const rows = messages.map(
    (message) => html`<li><a href="/messages/${message.id}">
        <span class="subject">${message.subject || '(senza oggetto)'}</span>
        <span class="meta"><b>${message.to}</b><time>${when(message.receivedAt)}</time></span>
        <span class="start">${message.text.replace(/\s+/g, ' ').slice(0, 160)}</span>
      </a></li>`,
  )
  const count = messages.length === 1 ? '1 messaggio' : `${messages.length} messaggi`
  const empty = html`<p class="empty">Nessun messaggio ancora. La pagina si aggiorna da sola.</p>`
  return page(
    `Posta dimostrativa (${count})`,
    html`<header><h1>Posta dimostrativa</h1><p>${count} · tutto ciò che il portale spedisce arriva qui, e nulla esce da questo computer.</p></header>
      <main>${messages.length > 0 ? html`<ul>${rows}</ul>` : empty}</main>`,
    html`<meta http-equiv="refresh" content="5">`,
  )
}

function codePage(code: string) {
  return page(
    'Codice di verifica dello sportello',
    html`<header><h1>Codice di verifica dello sportello</h1>
        <p>Sta al posto dell’app di autenticazione, per l’utenza dimostrativa. Cambia ogni 30 secondi e vale una volta sola.</p></header>
      <main><p class="code">${code.slice(0, 3)} ${code.slice(3)}</p></main>`,
    html`<meta http-equiv="refresh" content="5">`,
  )
}

function messagePage(message: MailMessage) {
  const frame = html`<h2>Come si presenta</h2><iframe src="/messages/${message.id}/html" title="Il messaggio in HTML"
      sandbox="${LINKS_ONLY}"></iframe>`
  return page(
    message.subject || '(senza oggetto)',
    html`<header><p><a href="/">← Tutti i messaggi</a></p><h1>${message.subject || '(senza oggetto)'}</h1>
        <dl><dt>Da</dt><dd>${message.from}</dd><dt>A</dt><dd>${message.to}</dd>
        <dt>Ricevuto</dt><dd><time>${when(message.receivedAt)}</time></dd></dl></header>
      <main>${message.html ? frame : ''}
        <h2>${message.html ? 'Solo testo' : 'Testo'}</h2><pre>${withLinks(message.text)}</pre></main>`,
  )
}

const withLinks = (text: string) =>
  text
    .split(/(https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)])/g)
    .map((part, i) => (i % 2 === 1 ? html`<a href="${part}">${part}</a>` : html`${part}`))

const when = (instant: string) =>
  new Intl.DateTimeFormat('it-IT', {
    dateStyle: 'long',
    timeStyle: 'medium',
    timeZone: 'Europe/Rome',
  }).format(new Date(instant))

function page(title: string, body: unknown, head: unknown = '') {
  return html`<!doctype html>
<html lang="it"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>${head}<style>${raw(STYLE)}</style></head><body>${body}</body></html>`
}

const STYLE = `
  :root { color-scheme: light; font: 17px/1.5 system-ui, sans-serif; color: #17324d; background: #f2f5f8 }
  body { max-width: 54rem; margin: 0 auto; padding: 1.5rem 1rem 3rem }
  h1 { font-size: 1.7rem; line-height: 1.25; margin: .2rem 0 .5rem; overflow-wrap: anywhere }
  h2 { font-size: 1rem; margin: 1.6rem 0 .4rem; color: #455a70 }
  header p { color: #455a70; margin: .2rem 0 }
  a { color: #0059b3 }
  ul { list-style: none; padding: 0; margin: 1.2rem 0 }
  li a { display: block; background: #fff; border: 1px solid #d4dde6; border-radius: .5rem; padding: .8rem 1rem;
    margin-bottom: .6rem; text-decoration: none; color: inherit }
  li a:hover, li a:focus { border-color: #06c; outline: 2px solid #06c }
  li span { display: block }
  .subject { font-weight: 600; color: #0059b3; font-size: 1.05rem; overflow-wrap: anywhere }
  .meta { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 1rem }
  .meta b { font-weight: 400; overflow-wrap: anywhere }
  .start { color: #5a6b7d; font-size: .9rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap }
  .empty { background: #fff; border-radius: .5rem; padding: 2rem; text-align: center }
  dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: .8rem 0 }
  dt { color: #5a6b7d } dd { margin: 0; overflow-wrap: anywhere }
  pre, iframe { background: #fff; border: 1px solid #d4dde6; border-radius: .5rem; width: 100%; box-sizing: border-box }
  pre { padding: 1rem 1.2rem; white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; margin: 0 }
  iframe { height: 34rem }
  .code { font-size: 3rem; font-variant-numeric: tabular-nums }
`
