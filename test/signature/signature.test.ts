import { afterAll, describe, expect, test } from 'vitest'
import { inspectDocument, loadTrustStore } from '../../src/signature/signature.ts'
import {
  derOf,
  type Identity,
  type KeyKind,
  PERSON,
  plainPdf,
  signingOffice,
  withByteFlipped,
} from './support.ts'

const office = signingOffice()
afterAll(() => office[Symbol.dispose]())

const authority = office.authority()
const rossi = office.issue(authority, { subject: PERSON, key: 'rsa' })
const trusted = loadTrustStore(authority.pem)
const now = new Date()
const pdf = plainPdf()

const inspect = (bytes: Uint8Array, options = {}) => inspectDocument(bytes, { trusted, now, ...options })

async function accepted(bytes: Uint8Array, options = {}) {
  const inspection = await inspect(bytes, options)
  if (!inspection.ok) throw new Error(`refused: ${inspection.reason}`)
  const [signer, ...others] = inspection.signature.signers
  if (!signer) throw new Error('no signer')
  return { ...inspection, signer, others }
}

describe('a .p7m is recognised by its bytes and its PDF taken out whole (S17)', () => {
  const der = office.sign(pdf, rossi)
  const long = plainPdf('lungo '.repeat(4000))
  const forms: [string, Buffer, Uint8Array][] = [
    ['DER', pdf, der],
    ['BER: indefinite lengths, content in pieces', long, office.sign(long, rossi, { form: 'stream' })],
    ['PEM', pdf, office.sign(pdf, rossi, { form: 'pem' })],
    [
      'PEM after a byte order mark',
      pdf,
      Buffer.concat([Buffer.from('\ufeff'), office.sign(pdf, rossi, { form: 'pem' })]),
    ],
    ['base64 in lines', pdf, Buffer.from(der.toString('base64').replace(/.{64}/g, '$&\r\n'))],
    ['base64 in one line', pdf, Buffer.from(der.toString('base64'))],
    ['DER and a line end', pdf, Buffer.concat([der, Buffer.from('\r\n')])],
  ]
  test.each(forms)('%s', async (_, document, bytes) => {
    const { kind, pdf: shown, signature, signer } = await accepted(bytes)
    expect(kind).toBe('p7m')
    expect(document.equals(shown ?? Buffer.alloc(0))).toBe(true)
    expect(signature.status).toBe('valid')
    expect(signer).toMatchObject({ unaltered: true, trusted: true, inValidity: true, problem: null })
  })

  test('a .p7m around a text is accepted with nothing to show', async () => {
    const { kind, pdf: shown, signature } = await accepted(office.sign('Referto in testo semplice', rossi))
    expect({ kind, shown, status: signature.status }).toEqual({ kind: 'p7m', shown: null, status: 'valid' })
  })

  test('a .p7m in a .p7m is opened to the innermost document, and every signer told', async () => {
    const verdi = office.issue(authority, { subject: '/C=IT/CN=VERDI ANNA/serialNumber=IT:VRDNNA80A41F205X' })
    const inner = office.sign(pdf, rossi, { form: 'pem' })
    const { pdf: shown, signature, signer, others } = await accepted(office.sign(inner, verdi))
    expect(pdf.equals(shown ?? Buffer.alloc(0))).toBe(true)
    expect([signer, ...others].map(({ name }) => name)).toEqual(['Mario Rossi', 'VERDI ANNA'])
    expect(others[0]?.taxCode).toBe('VRDNNA80A41F205X')
    expect(signature.status).toBe('valid')
  })

  test('an envelope that is intact does not cover up for an altered one inside', async () => {
    const inner = office.sign(pdf, rossi)
    const altered = withByteFlipped(inner, inner.indexOf('Referto di prova'))
    expect(await inspect(office.sign(altered, rossi))).toEqual({ ok: false, reason: 'altered' })
  })

  test('more envelopes than anyone puts are refused', async () => {
    let bytes: Buffer = pdf
    for (let envelopes = 0; envelopes < 6; envelopes++) bytes = office.sign(bytes, rossi)
    expect(await inspect(bytes)).toEqual({ ok: false, reason: 'malformed' })
  })
})

describe('who signed, when, and what was found out is told fact by fact (S19)', () => {
  test('name, tax code, claimed time, certificate; revocation is said not to be checked', async () => {
    const { signature, signer } = await accepted(office.sign(pdf, rossi))
    expect(signer).toMatchObject({
      name: 'Mario Rossi',
      taxCode: 'RSSMRA70A01H501S',
      signedAtSource: 'claimed',
      timestamp: null,
      revocation: 'not-checked',
      covers: 'document',
      certificate: {
        issuer: 'Prova CA Qualificata',
        validFrom: '2025-01-01T00:00:00.000Z',
        validUntil: '2035-01-01T00:00:00.000Z',
        expired: false,
      },
    })
    expect(Math.abs(Date.parse(signer.signedAt ?? '') - Date.now())).toBeLessThan(120_000)
    expect(signature.checkedAt).toBe(now.toISOString())
    // It is kept in a jsonb column: nothing may get lost on the way.
    expect(JSON.parse(JSON.stringify(signature))).toEqual(signature)
  })

  const subjects: [string, string | null, string | null][] = [
    ['/C=IT/SN=Bianchi/GN=Lucia/CN=BNCLCU80A41H501K\\/7420012345.abc=', 'Lucia Bianchi', 'BNCLCU80A41H501K'],
    ['/C=IT/CN=Rossì Niccolò/serialNumber=IT:RSSNCL80A01H501Z', 'Rossì Niccolò', 'RSSNCL80A01H501Z'],
    ['/C=IT/O=Ospedale/serialNumber=VATIT-01234567890', 'Ospedale', null],
    ['/C=IT/CN=Mario\u202Eissor', 'Mario issor', null],
  ]
  test.each(subjects)('the subject %s is read as %s, %s', async (subject, name, taxCode) => {
    const { signer } = await accepted(office.sign(pdf, office.issue(authority, { subject })))
    expect(signer).toMatchObject({ name, taxCode })
  })

  test('without configured authorities trust is unknown, not denied and not granted', async () => {
    const { signature, signer } = await accepted(office.sign(pdf, rossi), { trusted: loadTrustStore() })
    expect(signer.trusted).toBeNull()
    expect(signature.status).toBe('valid')
  })

  test('an unknown authority is told as such, an unaltered document still as unaltered', async () => {
    const stranger = office.authority('/CN=CA sconosciuta')
    const { signer } = await accepted(office.sign(pdf, office.issue(stranger, { subject: PERSON })))
    expect(signer).toMatchObject({ unaltered: true, trusted: false })
  })

  test('an authority of the same name but another key is not the configured one', async () => {
    const impostor = office.authority()
    const { signer } = await accepted(office.sign(pdf, office.issue(impostor, { subject: PERSON })))
    expect(signer).toMatchObject({ unaltered: true, trusted: false })
  })

  test('a certificate that had expired when the signature claims to have been made', async () => {
    const old = { subject: PERSON, from: '20200101000000Z', until: '20210101000000Z' }
    const { signer } = await accepted(office.sign(pdf, office.issue(authority, old)))
    expect(signer).toMatchObject({ unaltered: true, inValidity: false, certificate: { expired: true } })
  })

  test('a certificate not valid yet', async () => {
    const early = { subject: PERSON, from: '20320101000000Z' }
    const { signer } = await accepted(office.sign(pdf, office.issue(authority, early)))
    expect(signer).toMatchObject({ unaltered: true, inValidity: false, certificate: { expired: false } })
  })

  test('a certificate valid at the time of the signature and expired since', async () => {
    const { signer } = await accepted(office.sign(pdf, rossi), { now: new Date('2036-01-01') })
    expect(signer).toMatchObject({ trusted: true, inValidity: true, certificate: { expired: true } })
  })

  test('a signature that claims a time to come is not called valid', async () => {
    const { signature, signer } = await accepted(office.sign(pdf, rossi), { now: new Date('2025-06-01') })
    expect(signer.problem).toBe('signed-in-the-future')
    expect(signature.status).toBe('unverifiable')
  })

  test('two signers are both told', async () => {
    const verdi = office.issue(authority, { subject: '/CN=VERDI ANNA', key: 'P-384' })
    const bytes = office.sign(pdf, [rossi, verdi])
    const { signature, signer, others } = await accepted(bytes)
    expect([signer, ...others].map(({ name }) => name).toSorted()).toEqual(['Mario Rossi', 'VERDI ANNA'])
    expect(signature.status).toBe('valid')
    expect(office.opensslVerifies(bytes, authority)?.equals(pdf)).toBe(true)
  })
})

describe('keys and hashes', () => {
  const kinds: [KeyKind, 'sha256' | 'sha384' | 'sha512', boolean][] = [
    ['rsa', 'sha256', false],
    ['rsa3072', 'sha384', false],
    ['rsa', 'sha512', false],
    ['rsa', 'sha256', true],
    ['rsa', 'sha512', true],
    ['P-256', 'sha256', false],
    ['P-384', 'sha384', false],
    ['P-521', 'sha512', false],
  ]
  test.each(kinds)('%s with %s (PSS: %s) agrees with openssl', async (key, md, pss) => {
    const bytes = office.sign(pdf, office.issue(authority, { subject: PERSON, key }), { md, pss })
    const { signature, signer } = await accepted(bytes)
    expect(signature.status).toBe('valid')
    expect(signer.trusted).toBe(true)
    expect(office.opensslVerifies(bytes, authority)?.equals(pdf)).toBe(true)
  })

  test('a PSS signature that was changed is altered', async () => {
    const bytes = office.sign(pdf, rossi, { pss: true })
    expect(await inspect(withByteFlipped(bytes, bytes.byteLength - 10))).toEqual({
      ok: false,
      reason: 'altered',
    })
  })

  test('SHA-1 is told as weak and never called valid', async () => {
    const { signature, signer } = await accepted(office.sign(pdf, rossi, { md: 'sha1' }))
    expect(signer).toMatchObject({ unaltered: true, problem: 'weak-algorithm' })
    expect(signature.status).toBe('unverifiable')
  })

  test('so is an RSA key of 1024 bits', async () => {
    const short = office.issue(authority, { subject: PERSON, key: 'rsa1024' })
    const { signer } = await accepted(office.sign(pdf, short))
    expect(signer).toMatchObject({ unaltered: true, problem: 'weak-algorithm' })
  })

  test('without signed attributes, and with the signer named by key identifier (RFC 5652 §5.3)', async () => {
    for (const options of [{ bare: true }, { byKeyId: true }]) {
      const bytes = office.sign(pdf, rossi, options)
      expect((await accepted(bytes)).signature.status).toBe('valid')
      const altered = withByteFlipped(bytes, bytes.indexOf('Referto di prova'))
      expect(await inspect(altered)).toEqual({ ok: false, reason: 'altered' })
    }
  })

  test('without the signer’s certificate nothing is promised, but a changed document is still told', async () => {
    const bytes = office.sign(pdf, rossi, { withoutCertificate: true })
    const { signature, signer } = await accepted(bytes)
    expect(signer).toMatchObject({
      unaltered: null,
      name: null,
      trusted: false,
      problem: 'certificate-missing',
    })
    expect(signature.status).toBe('unverifiable')
    const altered = withByteFlipped(bytes, bytes.indexOf('Referto di prova'))
    expect(await inspect(altered)).toEqual({ ok: false, reason: 'altered' })
  })
})

describe('what does not match is refused with a reason (S19)', () => {
  const bytes = office.sign(pdf, rossi)

  test('one byte of the content', async () => {
    const altered = withByteFlipped(bytes, bytes.indexOf('Referto di prova'))
    expect(await inspect(altered)).toEqual({ ok: false, reason: 'altered' })
    expect(office.opensslVerifies(altered)).toBeNull()
  })

  test('one byte of the signature', async () => {
    const altered = withByteFlipped(bytes, bytes.byteLength - 10)
    expect(await inspect(altered)).toEqual({ ok: false, reason: 'altered' })
    expect(office.opensslVerifies(altered)).toBeNull()
  })

  test('one byte of the signed attributes', async () => {
    const signingTime = bytes.lastIndexOf(Buffer.from('2a864886f70d010905', 'hex'))
    const altered = withByteFlipped(bytes, signingTime + 20)
    expect(await inspect(altered)).toEqual({ ok: false, reason: 'altered' })
    expect(office.opensslVerifies(altered)).toBeNull()
  })

  test('another person’s certificate under the signer’s name', async () => {
    const { signature } = await accepted(bytes)
    const altered = swapCertificate(bytes, rossi, certificateLike(rossi))
    expect(signature.status).toBe('valid')
    expect(await inspect(altered)).toEqual({ ok: false, reason: 'altered' })
  })

  test('another certificate for the signer’s own key does not take its place (RFC 5035)', async () => {
    const other = certificateLike(rossi, rossi.key)
    const swapped = swapCertificate(bytes, rossi, other)
    const { signature, signer } = await accepted(swapped)
    expect(signer).toMatchObject({ unaltered: true, trusted: false, problem: 'wrong-certificate' })
    expect(signature.status).toBe('unverifiable')
    expect(office.opensslVerifies(swapped, authority, ['-cades'])).toBeNull()
    // Without the attribute nobody could tell: openssl takes it as well.
    const plain = swapCertificate(office.sign(pdf, rossi, { cades: false }), rossi, other)
    expect((await accepted(plain)).signature.status).toBe('valid')
    expect(office.opensslVerifies(plain, authority)).not.toBeNull()
  })

  test.each([
    ['a detached signature', office.sign(pdf, rossi, { detached: true }), 'detached'],
    [
      'a detached signature in an envelope',
      office.sign(office.sign(pdf, rossi, { detached: true }), rossi),
      'detached',
    ],
    ['no bytes', Buffer.alloc(0), 'empty'],
    ['a text', Buffer.from('Referto'), 'unrecognised'],
    ['a text that begins like base64 of a signature', Buffer.from('MIIB questo non lo è'), 'unrecognised'],
    ['a certificate', Buffer.from(authority.pem), 'unrecognised'],
    ['half a .p7m', bytes.subarray(0, bytes.byteLength / 2), 'malformed'],
    ['a .p7m without its last byte', bytes.subarray(0, -1), 'malformed'],
    ['a .p7m with something after it', Buffer.concat([bytes, Buffer.from('%PDF-1.7')]), 'malformed'],
  ])('%s', async (_, document, reason) => {
    expect(await inspect(document)).toEqual({ ok: false, reason })
  })

  // A certificate of the same issuer, serial number and length as the signer's. ECDSA signatures vary in length.
  function certificateLike(model: Identity, keyFile = office.makeKey('rsa')): Identity {
    const subject = PERSON.replace('Mario', 'Maria')
    for (let tries = 0; tries < 50; tries++) {
      const made = office.issue(authority, { subject, keyFile, serialOf: model })
      if (derOf(made.pem).byteLength === derOf(model.pem).byteLength) return made
    }
    throw new Error('no certificate of that length')
  }

  function swapCertificate(p7m: Buffer, from: Identity, to: Identity): Buffer {
    const [old, other] = [derOf(from.pem), derOf(to.pem)]
    expect(other.byteLength).toBe(old.byteLength)
    const at = p7m.indexOf(old)
    expect(at).toBeGreaterThan(0)
    return Buffer.concat([p7m.subarray(0, at), other, p7m.subarray(at + old.byteLength)])
  }
})
