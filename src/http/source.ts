import { isIP } from 'node:net'
import { getConnInfo } from '@hono/node-server/conninfo'
import type { Context } from 'hono'

/**
 * The network address a request comes from. `X-Forwarded-For` counts only as far as trusted proxies wrote it: the last
 * address that is not one of theirs (S42); what a visitor puts in front changes nothing. Where the proxy wrote something
 * else than an address, all its visitors are one source.
 */
export function sourceOf(c: Context, trustedProxies: readonly string[]): string {
  const peer = peerAddress(c)
  return sourceBehind(plainAddress(peer) ?? peer, c.req.header('x-forwarded-for') ?? '', trustedProxies)
}

/** The same of its parts: who is connected, and what the header says. */
export function sourceBehind(peer: string, forwardedFor: string, trustedProxies: readonly string[]): string {
  const trusted = trustedProxies.map(plainAddress)
  if (!trusted.includes(peer)) return peer
  for (const item of forwardedFor.split(',').toReversed()) {
    if (item.trim() === '') continue
    const address = plainAddress(item.trim())
    if (address === null) return peer
    if (!trusted.includes(address)) return address
  }
  return peer
}

/**
 * An address in its one form (RFC 5952), without the port and brackets that some proxies write: with them every
 * connection would be a source of its own. Null where it is none.
 */
function plainAddress(text: string): string | null {
  const bare = /^\[([^\]]*)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text
  const [address = ''] = bare.split('%')
  if (isIP(address) === 4) return address
  if (isIP(address) !== 6) return null
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1)
  // Node tells an IPv4 peer of a dual-stack socket as ::ffff:192.0.2.1.
  const [, high, low] = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/.exec(canonical) ?? []
  if (high === undefined || low === undefined) return canonical
  const [a, b] = [Number.parseInt(high, 16), Number.parseInt(low, 16)]
  return [a >> 8, a & 255, b >> 8, b & 255].join('.')
}

function peerAddress(c: Context): string {
  try {
    return getConnInfo(c).remote.address ?? 'unknown'
  } catch {
    // app.request() in tests has no socket.
    return 'unknown'
  }
}
