import { randomBytes, randomInt } from 'node:crypto'
import { hash, verify } from '@node-rs/argon2'
import { digest, digests, type KeyRing } from '../crypto/keys.ts'
import { dammDigit } from './damm.ts'

const PIN1_RANDOM_DIGITS = 11
const PIN2_DIGITS = 8

/** A new PIN1: 11 random digits and a Damm check digit (S4). */
export function makePin1(): string {
  const digits = randomDigits(PIN1_RANDOM_DIGITS)
  return `${digits}${dammDigit(digits)}`
}

/** A new PIN2: 8 random digits (S4). */
export function makePin2(): string {
  return randomDigits(PIN2_DIGITS)
}

/** PIN1 as it is stored: HMAC under the newest pepper (S42). */
export function digestPin1(peppers: KeyRing, pin1: string): Buffer {
  return digest(peppers[0], 'pin1', pin1)
}

/** PIN1 under every pepper, to find one stored before a rotation. */
export function digestsOfPin1(peppers: KeyRing, pin1: string): Buffer[] {
  return digests(peppers, 'pin1', pin1)
}

/** argon2id of PIN2 or of a share's PIN (S42). */
export function hashPin(pin: string): Promise<string> {
  return hash(pin, { memoryCost: 19_456, timeCost: 2, parallelism: 1 })
}

/** Does the PIN match? Takes as long where there is nothing to match (`null`): the answer's time tells nothing (S43). */
export async function verifyPin(stored: string | null, pin: string): Promise<boolean> {
  const matches = await verify(stored ?? (await decoy), pin)
  return stored !== null && matches
}

const decoy = hashPin(randomBytes(16).toString('hex'))

function randomDigits(count: number): string {
  return Array.from({ length: count }, () => randomInt(10)).join('')
}
