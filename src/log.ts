export type LogFields = Record<string, string | number | boolean | null | undefined>
export type Log = (level: 'info' | 'warn' | 'error', event: string, fields?: LogFields) => void

/**
 * Writes one JSON line a call to standard error. Callers pass codes, counts and our own random ids; never a
 * name, a PIN, a token, an e-mail or a raw URL (handbook, rule 7).
 */
export const logToStderr: Log = (level, event, fields = {}) => {
  process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), level, event, ...fields })}\n`)
}

/** The code of an error, safe to log: messages of drivers and parsers may quote their input. */
export function errorCode(error: unknown): string {
  if (!(error instanceof Error)) return typeof error
  const code = (error as { code?: unknown }).code
  if (typeof code === 'string' && code !== '') return code
  const cause = error.cause
  return cause instanceof Error ? `${error.name}/${errorCode(cause)}` : error.name
}

/** Where an error happened, without its message: drivers and parsers quote their input in it. */
export function framesOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  const frames = error.stack?.split('\n').filter((line) => line.trimStart().startsWith('at ')) ?? []
  return frames.slice(0, 6).join(' | ')
}
