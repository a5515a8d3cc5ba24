import { createHash, createHmac } from 'node:crypto'

export type Key = { id: string; bytes: Buffer }
/** Keys of one purpose, the one in use first; the others are there to read what was made before a rotation. */
export type KeyRing = readonly [Key, ...Key[]]

/** Reads 32-byte keys in base64, newest first, separated by commas; null where one is not that. */
export function keyRing(value: string): KeyRing | null {
  const items = value.split(',').map((item) => item.trim())
  // Buffer.from skips what is not base64, so a damaged key would silently be another one.
  if (items.some((item) => !/^[A-Za-z0-9+/_-]{43}=?$/.test(item))) return null
  const keys = items.map((item) => Buffer.from(item, 'base64'))
  const [first, ...others] = keys.map((bytes) => ({ id: keyId(bytes), bytes }))
  if (!first) return null
  return [first, ...others]
}

/** HMAC-SHA-256 of a text under one key, for what is looked up but never read back (S42). */
export function digest(key: Key, purpose: string, value: string): Buffer {
  return createHmac('sha256', key.bytes).update(`${purpose}\0${value}`).digest()
}

/** The same under every key of the ring, newest first: what was stored before a rotation is still found. */
export function digests(ring: KeyRing, purpose: string, value: string): Buffer[] {
  return ring.map((key) => digest(key, purpose, value))
}

// Tells keys apart in stored data without telling anything of the key.
function keyId(bytes: Buffer): string {
  return createHash('sha256').update('ritiro key id\0').update(bytes).digest('hex').slice(0, 8)
}
