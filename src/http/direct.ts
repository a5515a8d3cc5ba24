import type { ServerResponse } from 'node:http'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Context } from 'hono'
import { pour } from '../disc/pour.ts'
import { type DiscAnswer, responseOf } from '../disc/serve.ts'

type Environment = { readonly outgoing?: unknown }
type Poured = { readonly answer: DiscAnswer; readonly pouring: Parameters<typeof pour>[2] }

/** By a request's environment: what is written onto its connection once every middleware has seen the answer. */
const poured = new WeakMap<Environment, Poured>()

/**
 * Answers with a body that is written right onto the connection, past web streams, which cost a download a third of its
 * processor time. Behind `pouringBodies()` only; elsewhere, as in tests, it is a Response like any other.
 */
export function pourAnswer(c: Context, answer: DiscAnswer, pouring: Poured['pouring']): Response {
  const environment: Environment | undefined = c.env
  if (!answer.body || !isNode(environment?.outgoing)) return responseOf(answer)
  poured.set(environment as Environment, { answer, pouring })
  return responseOf({ ...answer, body: null })
}

/** A gateway's `fetch` that writes such bodies. */
export function pouringBodies<Env extends Environment>(
  fetch: (request: Request, environment: Env) => Response | Promise<Response>,
) {
  return async (request: Request, environment: Env): Promise<Response> => {
    const response = await fetch(request, environment)
    const body = poured.get(environment)
    if (!body?.answer.body || !isNode(environment.outgoing)) return response
    const { outgoing } = environment
    // A middleware that made another answer of it has the last word.
    if (response.status !== body.answer.status) return response
    const { headers } = response
    // Cookies are the one header that may stand more than once.
    outgoing.writeHead(response.status, {
      ...Object.fromEntries(headers),
      'set-cookie': headers.getSetCookie(),
    })
    void pour(outgoing, body.answer.body, body.pouring)
    // Where the server had replaced Response before this one was made, only one that was looked into is known as sent.
    void RESPONSE_ALREADY_SENT.body
    return RESPONSE_ALREADY_SENT
  }
}

const isNode = (outgoing: unknown): outgoing is ServerResponse =>
  typeof outgoing === 'object' && outgoing !== null && 'writeHead' in outgoing && 'socket' in outgoing
