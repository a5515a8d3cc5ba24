import { z } from 'zod'
import { AppError } from '../errors.ts'
import type { ShareValues } from './pages/share-form.tsx'

const line = z
  .string()
  .trim()
  .min(1)
  .max(80)
  .regex(/^[^\p{Cc}\p{Bidi_Control}]*$/u)
const FIELDS = {
  cognome: line,
  nome: line,
  // RFC 5321 §4.5.3.1.3 allows 254 characters.
  email: z.email().max(254),
  telefono: z
    .string()
    .trim()
    .max(30)
    .regex(/^[0-9+()/.\s-]*$/),
  esami: z.array(z.uuid()).min(1).max(50),
} as const

/** Reads the form as it was sent, without judging it. */
export async function readShareForm(request: Request): Promise<ShareValues & { richiesta: string }> {
  const form = await request.formData().catch((error: unknown) => {
    throw new AppError('request.unsupported_media_type', 'Send a form.', {}, { cause: error })
  })
  const text = (name: string) => {
    const value = form.get(name)
    return typeof value === 'string' ? value.trim().slice(0, 300) : ''
  }
  const esami = form.getAll('esami').filter((value) => typeof value === 'string')
  return {
    cognome: text('cognome'),
    nome: text('nome'),
    email: text('email'),
    telefono: text('telefono'),
    esami,
    richiesta: text('richiesta'),
  }
}

/** Which fields cannot be taken as they are. */
export function faultyFields(values: ShareValues): (keyof ShareValues)[] {
  return (Object.keys(FIELDS) as (keyof ShareValues)[]).filter(
    (name) => !FIELDS[name].safeParse(values[name]).success,
  )
}
