import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Act, World } from './world.ts'

/** No answer at all (null) or an answer of the gateway. */
export type Answer = { status: number; location: string; cookie: string; text: string } | null

const PATIENCE_MS = 30_000
/** Acts that the gateway neither answered nor refused in time: a hang. */
export const hangs: string[] = []

/** One request, as somebody at that address; null where the connection broke. */
export async function ask(
  world: World,
  method: string,
  path: string,
  {
    address,
    cookie,
    body,
    headers = {},
    act,
  }: {
    address: string
    cookie?: string
    body?: BodyInit
    headers?: Record<string, string>
    act?: Act
  },
): Promise<Answer> {
  const signal = AbortSignal.timeout(PATIENCE_MS)
  const sent = fetch(world.url + path, {
    method,
    redirect: 'manual',
    signal,
    headers: {
      'x-forwarded-for': address,
      'sec-fetch-site': 'same-origin',
      connection: 'close',
      ...(cookie ? { cookie } : {}),
      ...headers,
    },
    ...(body === undefined ? {} : { body }),
  })
  if (act) world.tellAct(act)
  try {
    const response = await sent
    const text = await response.text()
    const given = response.headers.getSetCookie().find((value) => value.startsWith('__Host-ritiro='))
    return {
      status: response.status,
      location: response.headers.get('location') ?? '',
      cookie: given?.split(';')[0] ?? '',
      text,
    }
  } catch {
    if (signal.aborted) hangs.push(`${method} ${path.replaceAll(/[0-9a-f-]{36}/g, '…')}`)
    return null
  }
}

/** The RIS' call, with its key. */
export function risAsk(
  world: World,
  method: string,
  path: string,
  json?: unknown,
  act?: Act,
): Promise<Answer> {
  return ask(world, method, `/api/v1${path}`, {
    address: '192.0.2.1',
    headers: {
      authorization: `Bearer ${world.apiKey}`,
      ...(json === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    ...(act ? { act } : {}),
  })
}

/** An answer that says nothing of the act: none, or "not now". */
const unanswered = (answer: Answer): boolean => answer === null || answer.status >= 500

/** Tries until there is an answer that means something; null where there is none in a minute. */
export async function insist(attempt: () => Promise<Answer>): Promise<Answer> {
  const deadline = Date.now() + 60_000
  for (;;) {
    const answer = await attempt()
    if (!unanswered(answer) || Date.now() > deadline) return answer
    await sleep(120)
  }
}

/** Signs in with both PINs; the session's cookie, or null. */
export async function enter(
  world: World,
  address: string,
  pin1: string,
  pin2: string,
): Promise<string | null> {
  const answer = await insist(() =>
    ask(world, 'POST', '/accesso', { address, body: new URLSearchParams({ pin1, pin2 }) }),
  )
  return answer?.status === 303 ? answer.cookie : null
}

/** Shares what is online with a doctor; the request's own number makes a second try the same share. */
export async function shareWith(
  world: World,
  address: string,
  cookie: string,
  publicationId: string,
  email: string,
): Promise<{ id: string | null; sure: boolean }> {
  const richiesta = randomUUID()
  const fields = { cognome: 'Verdi', nome: 'Anna', email, telefono: '', richiesta, esami: publicationId }
  const answer = await insist(() =>
    ask(world, 'POST', '/condivisioni', { address, cookie, body: new URLSearchParams(fields), act: 'share' }),
  )
  const id = /\/condivisioni\/([0-9a-f-]{36})/.exec(answer?.location ?? '')?.[1] ?? null
  return { id, sure: answer?.status === 303 }
}

/** The newest PIN2 that came to an address; null where none has. */
export function newestPin2(world: World, email: string): string | null {
  const mail = world.mailbox
    .messages()
    .findLast(({ envelope, text }) => envelope.to.includes(email) && text.includes('PIN2 è il seguente'))
  return /PIN2 è il seguente: ?(\d{4}-\d{4})/.exec(mail?.text ?? '')?.[1] ?? null
}
