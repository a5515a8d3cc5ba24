import type { ContentfulStatusCode } from 'hono/utils/http-status'

const STATUS = {
  'request.malformed': 400,
  'request.invalid': 422,
  'request.cross_origin': 403,
  'request.too_large': 413,
  'request.unsupported_media_type': 415,
  'search.invalid': 400,
  'method.not_supported': 405,
  'api.unauthorized': 401,
  'access.required': 401,
  'staff.required': 401,
  'staff.forbidden': 403,
  'staff.exists': 409,
  'staff.elsewhere': 409,
  'staff.last_administrator': 409,
  not_found: 404,
  not_acceptable: 406,
  'visit.not_found': 404,
  'visit.exists': 409,
  'visit.no_email': 409,
  'visit.no_publication': 409,
  'exam.ambiguous': 422,
  'exam.not_found': 422,
  'share.too_many': 429,
  'report.empty': 422,
  'report.unrecognised': 422,
  'report.content_not_pdf': 422,
  'report.altered': 422,
  'report.not_final': 422,
  'report.no_visit': 422,
  'report.other_patient': 422,
  'images.gone': 410,
  'images.unavailable': 503,
  'images.preparing': 503,
  'pacs.unavailable': 503,
  'database.unavailable': 503,
} as const satisfies Record<string, ContentfulStatusCode>

export type ErrorCode = keyof typeof STATUS

/**
 * A refusal we planned for: `code` names it, `detail` tells a machine's developer what to change (English,
 * never personal data). Anything else that is thrown is a bug and becomes a 500.
 */
export class AppError extends Error {
  override readonly name = 'AppError'
  readonly code: ErrorCode
  readonly detail: string | undefined
  /** More members of the RFC 9457 problem document, such as the fields that were refused. */
  readonly extra: Record<string, unknown>

  constructor(code: ErrorCode, detail?: string, extra: Record<string, unknown> = {}, options?: ErrorOptions) {
    super(detail ? `${code}: ${detail}` : code, options)
    this.code = code
    this.detail = detail
    this.extra = extra
  }

  get status(): ContentfulStatusCode {
    return STATUS[this.code]
  }
}
