import { getConnInfo } from '@hono/node-server/conninfo'
import type { Context } from 'hono'

/**
 * The network address a request comes from. `X-Forwarded-For` counts only as far as trusted proxies wrote it: the last
 * address that is not one of theirs (S42); what a visitor puts in front changes nothing.
 */
export function sourceOf(c: Context, trustedProxies: readonly string[]): string {
  const peer = plain(peerAddress(c))
  if (!trustedProxies.includes(peer)) return peer
  const chain = (c.req.header('x-forwarded-for') ?? '').split(',').flatMap((item) => plain(item.trim()) || [])
  return chain.findLast((address) => !trustedProxies.includes(address)) ?? peer
}

function peerAddress(c: Context): string {
  try {
    return getConnInfo(c).remote.address ?? 'unknown'
  } catch {
    // app.request() in tests has no socket.
    return 'unknown'
  }
}

// Node tells an IPv4 peer of a dual-stack socket as ::ffff:192.0.2.1.
const plain = (address: string) => address.replace(/^::ffff:/, '')
