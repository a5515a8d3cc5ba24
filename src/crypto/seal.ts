import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { KeyRing } from './keys.ts'

const NONCE = 12
const TAG = 16
const KEY_ID = 4

/** Encrypts with AES-256-GCM under the ring's first key: key id (4 bytes) · nonce (12) · tag (16) · ciphertext. `context` must be given again to open it. */
export function seal(ring: KeyRing, context: string, value: string): Uint8Array {
  const [key] = ring
  const nonce = randomBytes(NONCE)
  const cipher = createCipheriv('aes-256-gcm', key.bytes, nonce)
  cipher.setAAD(Buffer.from(context))
  const ciphertext = Buffer.concat([cipher.update(value, 'utf8'), cipher.final()])
  return Buffer.concat([Buffer.from(key.id, 'hex'), nonce, cipher.getAuthTag(), ciphertext])
}

/** Opens what `seal` made; throws where the key is not in the ring, the context differs or a bit was changed. */
export function unseal(ring: KeyRing, context: string, sealed: Uint8Array): string {
  const bytes = Buffer.from(sealed)
  const id = bytes.subarray(0, KEY_ID).toString('hex')
  const key = ring.find((candidate) => candidate.id === id)
  if (!key) throw new Error('sealed under a key that is not in the ring')
  const nonce = bytes.subarray(KEY_ID, KEY_ID + NONCE)
  const decipher = createDecipheriv('aes-256-gcm', key.bytes, nonce, { authTagLength: TAG })
  decipher.setAAD(Buffer.from(context))
  decipher.setAuthTag(bytes.subarray(KEY_ID + NONCE, KEY_ID + NONCE + TAG))
  return Buffer.concat([decipher.update(bytes.subarray(KEY_ID + NONCE + TAG)), decipher.final()]).toString(
    'utf8',
  )
}

/** The same, or null where it cannot be opened: a key that was dropped too early is nobody's error while they sign in. */
export function unsealOrNull(ring: KeyRing, context: string, sealed: Uint8Array): string | null {
  try {
    return unseal(ring, context, sealed)
  } catch {
    return null
  }
}
