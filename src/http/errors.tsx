import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { wasDoctor } from '../access/cookie.ts'
import { AppError, type ErrorCode } from '../errors.ts'
import { isFhir, operationOutcome } from '../fhir/outcome.ts'
import { errorCode, framesOf, type Log } from '../log.ts'
import { MessagePage } from '../portal/pages/message-page.tsx'
import type { Site } from '../ui/site.ts'
import { html } from './html.ts'
import { problem } from './problem.ts'

const FOR_MACHINES = ['/api/', '/dicomweb/', '/viewer/', '/assets/', '/sessione/', '/desk/sessione/']

/** Any failure as an answer: problem JSON for machines, a page in plain words for people; what is a bug is logged by its code alone. */
export function answerError(
  c: Context,
  failure: Error | ErrorCode,
  site: Site,
  log: Log,
): Response | Promise<Response> {
  const error = refusalOf(failure)
  if (!error) {
    log('error', 'http.bug', {
      code: typeof failure === 'string' ? failure : errorCode(failure),
      stack: framesOf(failure),
    })
  }
  if (isFhir(c.req.path)) return operationOutcome(c, error)
  // A browser that opens an address shows what comes: to a person, words.
  const opened = c.req.header('sec-fetch-dest') === 'document' && !c.req.path.startsWith('/api/')
  const forMachines = !opened && FOR_MACHINES.some((prefix) => `${c.req.path}/`.startsWith(prefix))
  if (forMachines) return error ? problem(c, error) : internal(c)
  // A page that needs a session leads to the PINs, saying why.
  if (error?.code === 'access.required')
    return c.redirect(`${wasDoctor(c) ? '/condivisione' : '/'}?fine=sessione`, 303)
  return page(error, site)
}

/** The planned refusal that a failure is; null where it is a bug. */
export function refusalOf(failure: Error | ErrorCode): AppError | null {
  if (typeof failure === 'string') return new AppError(failure)
  if (failure instanceof AppError) return failure
  if (failure instanceof HTTPException)
    return new AppError(failure.status === 413 ? 'request.too_large' : 'request.malformed')
  return isDatabaseAway(failure)
    ? new AppError('database.unavailable', 'The database does not answer.', {}, { cause: failure })
    : null
}

// postgres.js' own codes, and PostgreSQL's: 08 connection exceptions, 53 no more connections, memory or disk, 57P0x shutting down or starting.
const DATABASE_AWAY = /^(?:CONNECT_TIMEOUT|CONNECTION_|ECONN|EPIPE|08|53|57P0)/

function isDatabaseAway(failure: Error): boolean {
  const cause = failure.cause instanceof Error ? failure.cause : failure
  const { code, syscall } = cause as { code?: unknown; syscall?: unknown }
  // Nothing else of ours connects without turning its failures into an AppError.
  return syscall === 'connect' || (typeof code === 'string' && DATABASE_AWAY.test(code))
}

function page(error: AppError | null, site: Site): Promise<Response> {
  const texts = site.messages.errors
  const retry = { href: '', words: texts.retry }
  const toList = { href: '/referti', words: texts.toList }
  const help = { href: '/aiuto', words: texts.toHelp }
  const { title, text } = textsFor(error, site)
  const first = error && error.status < 500 ? toList : retry
  return html(
    <MessagePage site={site} title={title} text={text} actions={[first, help]} />,
    error?.status ?? 500,
  )
}

function textsFor(error: AppError | null, { messages: { errors } }: Site): { title: string; text: string } {
  switch (error?.code) {
    case undefined:
      return errors.server
    case 'not_found':
      return errors.notFound
    case 'request.cross_origin':
      return errors.forbidden
    case 'images.preparing':
      return errors.preparing
    case 'images.unavailable':
    case 'pacs.unavailable':
      return errors.imagesUnavailable
    case 'database.unavailable':
      return errors.archiveDown
    case 'share.too_many':
      return errors.sharesTooMany
    default:
      return errors.badRequest
  }
}

function internal(c: Context): Response {
  const body = { type: 'urn:ritiro:problem:internal', title: 'Something failed on our side', status: 500 }
  return c.body(JSON.stringify(body), 500, {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
  })
}
