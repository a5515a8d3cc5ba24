import type { z } from 'zod'
import { AppError } from '../errors.ts'

/** Checks at the edge; the refusal names each field, never its value. */
export function check<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const errors = parsed.error.issues.map(({ path, message }) => ({
    pointer: `/${path.join('/')}`,
    detail: message,
  }))
  throw new AppError('request.invalid', 'See `errors` for what to change.', { errors })
}
