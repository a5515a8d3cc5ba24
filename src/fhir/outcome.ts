import type { Context } from 'hono'
import type { AppError, ErrorCode } from '../errors.ts'
import { FHIR_JSON } from './negotiate.ts'

/** IssueType codes of R4 by our own codes; what is not here is a business rule. */
const ISSUES: Partial<Record<ErrorCode, string>> = {
  'request.malformed': 'structure',
  'request.invalid': 'invalid',
  'request.cross_origin': 'forbidden',
  'request.too_large': 'too-long',
  'request.unsupported_media_type': 'not-supported',
  'search.invalid': 'invalid',
  'method.not_supported': 'not-supported',
  'api.unauthorized': 'login',
  'database.unavailable': 'transient',
  not_found: 'not-found',
  not_acceptable: 'not-supported',
}

/** Is this an address of the FHIR facade, whose failures are told as OperationOutcome? */
export const isFhir = (path: string): boolean => path === '/fhir' || path.startsWith('/fhir/')

/** A refusal as an OperationOutcome; `details.coding` holds the same stable code as the problems of the REST API. Null is a bug of ours. */
export function operationOutcome(c: Context, error: AppError | null): Response {
  const code = error?.code ?? 'internal'
  const expression = errorsOf(error).flatMap(({ pointer }) => expressionOf(pointer))
  const issue = {
    severity: 'error',
    code: error ? (ISSUES[error.code] ?? 'business-rule') : 'exception',
    details: { coding: [{ system: 'urn:ritiro:problem', code }] },
    diagnostics: [
      error?.detail ?? (error ? 'Not found.' : 'Something failed on our side.'),
      ...told(error),
    ].join(' '),
    ...(expression.length > 0 ? { expression } : {}),
  }
  const body = { resourceType: 'OperationOutcome', issue: [issue] }
  return c.body(JSON.stringify(body), error?.status ?? 500, {
    'content-type': FHIR_JSON,
    'cache-control': 'no-store',
  })
}

type FieldError = { pointer: string; detail: string }

const errorsOf = (error: AppError | null): FieldError[] =>
  Array.isArray(error?.extra.errors) ? (error.extra.errors as FieldError[]) : []

const told = (error: AppError | null): string[] =>
  errorsOf(error).map(({ pointer, detail }) => `${expressionOf(pointer)[0] ?? 'The body'}: ${detail}.`)

/** `/entry/0/resource` as FHIRPath: `entry[0].resource`. */
function expressionOf(pointer: string): string[] {
  const path = pointer
    .split('/')
    .filter(Boolean)
    .map((step) => (/^\d+$/.test(step) ? `[${step}]` : `.${step}`))
    .join('')
    .replace(/^\./, '')
  return path === '' ? [] : [path]
}
