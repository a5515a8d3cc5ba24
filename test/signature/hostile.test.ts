import { createHash } from 'node:crypto'
import { afterAll, expect, test } from 'vitest'
import { type Inspection, inspectDocument, loadTrustStore } from '../../src/signature/signature.ts'
import { PERSON, plainPdf, signingOffice, signPdf } from './support.ts'

const office = signingOffice()
afterAll(() => office[Symbol.dispose]())

const authority = office.authority()
const rossi = office.issue(authority, { subject: PERSON, key: 'rsa' })
const options = { trusted: loadTrustStore(authority.pem), now: new Date() }
const pdf = plainPdf()
const seeds = {
  der: office.sign(pdf, rossi),
  stream: office.sign(pdf, rossi, { form: 'stream' }),
  pem: office.sign(pdf, rossi, { form: 'pem' }),
  nested: office.sign(office.sign(pdf, rossi), rossi),
  pdf: signPdf(pdf, (bytes) => office.sign(bytes, rossi, { detached: true })),
}

test('2,500 mutated documents: none throws, none that was changed is called valid, all within 5 seconds', async () => {
  const random = numbers(20261123)
  const outcomes = new Map<string, number>()
  const started = cpuSeconds()
  for (let round = 0; round < 2500; round++) {
    const kinds = Object.entries(seeds)
    const [, seed] = kinds[round % kinds.length] ?? ['', seeds.der]
    const inspection = await inspectDocument(mutate(seed, random), options)
    const outcome = inspection.ok ? inspection.signature.status : inspection.reason
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    if (calledValid(inspection)) expect(showsTheDocument(inspection, seed)).toBe(true)
  }
  expect(cpuSeconds() - started).toBeLessThan(5)
  // The mutations are no test if they all die at the door, or all come through.
  for (const outcome of ['malformed', 'altered', 'unverifiable'])
    expect(outcomes.get(outcome)).toBeGreaterThan(20)
})

test('1,000 random files: none throws, none is accepted', async () => {
  const random = numbers(7)
  for (let round = 0; round < 1000; round++) {
    const bytes = Buffer.from(Array.from({ length: 1 + random(2000) }, () => random(256)))
    // Half of them with the beginning of something we know.
    if (round % 4 === 1) Buffer.from('3080060 92a864886f70d010702a080'.replace(' ', ''), 'hex').copy(bytes)
    if (round % 4 === 3) Buffer.from('%PDF-1.7\n').copy(bytes)
    expect((await inspectDocument(bytes, options)).ok).toBe(false)
  }
})

test('every cut of a .p7m is refused', async () => {
  for (let length = 0; length < seeds.der.byteLength; length += 7) {
    const inspection = await inspectDocument(seeds.der.subarray(0, length), options)
    expect(inspection.ok).toBe(false)
  }
})

test('60 MB: read in seconds, and without holding the document many times over', async () => {
  const big = plainPdf('x'.repeat(60_000_000))
  const bodies = {
    pdf: big,
    der: office.sign(big, rossi),
    stream: office.sign(big, rossi, { form: 'stream' }),
    base64: Buffer.from(office.sign(big, rossi).toString('base64')),
    signedPdf: signPdf(big, (bytes) => office.sign(bytes, rossi, { detached: true })),
  }
  for (const [name, bytes] of Object.entries(bodies)) {
    const before = process.memoryUsage()
    const started = cpuSeconds()
    const inspection = await inspectDocument(bytes, options)
    const after = process.memoryUsage()
    expect(inspection.ok, name).toBe(true)
    expect(cpuSeconds() - started, name).toBeLessThan(5)
    const taken = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers
    expect(taken, name).toBeLessThan(400_000_000)
  }
}, 120_000)

test.each([
  [
    'sequences within sequences',
    Buffer.concat([cmsHead(), Buffer.alloc(2_000_000, Buffer.from('3080', 'hex'))]),
  ],
  [
    'twenty million empty values',
    Buffer.concat([cmsHead(), Buffer.alloc(40_000_000, Buffer.from('0500', 'hex'))]),
  ],
  ['a hundred thousand lists of empty values', Buffer.concat([cmsHead(), cmsOf(manyLists())])],
  ['lengths beyond all bounds', Buffer.concat([cmsHead(), Buffer.from('3088ffffffffffffffff', 'hex')])],
  ['a PDF of a million signatures', manyMentions('/ByteRange [0 1 2 3]')],
  ['a PDF of a million different signatures', manyMentions((n) => `/ByteRange [0 ${n} ${n + 9} 3]`)],
  ['white space where an offset should be', Buffer.from(`%PDF-1.7\nstartxref${' '.repeat(1_000_000)}%%EOF`)],
  ['base64 of nothing', Buffer.concat([Buffer.from('MIAGCSqGSIb3DQEHAqCA'), Buffer.alloc(40_000_000, 'A')])],
])('%s: refused within two seconds', async (_, bytes) => {
  const started = cpuSeconds()
  expect((await inspectDocument(bytes, options)).ok).toBe(false)
  expect(cpuSeconds() - started).toBeLessThan(2)
})

// Of this process, so that a busy machine does not fail the test.
function cpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

const calledValid = (inspection: Inspection) => inspection.ok && inspection.signature.status === 'valid'

// Bytes outside of the signature (unsigned parts, spare certificates) may change; what is shown may not.
function showsTheDocument(inspection: Inspection, seed: Buffer): boolean {
  if (!inspection.ok || !inspection.pdf) return false
  const expected = seed === seeds.pdf ? withoutContents(seeds.pdf) : digest(pdf)
  const shown = Buffer.from(inspection.pdf)
  return (seed === seeds.pdf ? withoutContents(shown) : digest(shown)) === expected
}

const withoutContents = (bytes: Buffer) =>
  digest(
    Buffer.from(
      bytes
        .toString('latin1')
        .replace(/<[0-9A-Fa-f\s]{100,}>/, '<>')
        .trimEnd(),
      'latin1',
    ),
  )

const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

function mutate(seed: Buffer, random: (below: number) => number): Buffer {
  const bytes = Buffer.from(seed)
  const at = random(bytes.byteLength)
  switch (random(5)) {
    case 0:
      bytes[at] = random(256)
      return bytes
    case 1:
      for (let times = 0; times < 8; times++) bytes[random(bytes.byteLength)] = random(256)
      return bytes
    case 2:
      return bytes.subarray(0, at)
    case 3:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random(64))])
    default:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(random(bytes.byteLength))])
  }
}

/** A small generator (mulberry32), so that a failure can be seen again. */
function numbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

// The right structure around them, so that every level is read.
function cmsOf(lists: Buffer): Buffer {
  const open = Buffer.from(
    '3080 020101 3100 3080 06092a864886f70d010701 a080 2480'.replaceAll(' ', ''),
    'hex',
  )
  return Buffer.concat([open, lists, Buffer.alloc(12)])
}

function manyLists(): Buffer {
  const list = Buffer.concat([
    Buffer.from('2480', 'hex'),
    Buffer.alloc(400, Buffer.from('0400', 'hex')),
    Buffer.alloc(2),
  ])
  return Buffer.concat(Array.from({ length: 100_000 }, () => list))
}

function cmsHead(): Buffer {
  return Buffer.from('308006092a864886f70d010702a080', 'hex')
}

function manyMentions(mention: string | ((n: number) => string)): Buffer {
  const text = Array.from({ length: 1_000_000 }, (_, n) =>
    typeof mention === 'string' ? mention : mention(n),
  )
  return Buffer.from(`%PDF-1.7\n1 0 obj\n<< /Root >>\n${text.join('\n')}\nstartxref\n9\n%%EOF`, 'latin1')
}
