import { createHash } from 'node:crypto'
import { afterAll, describe, expect, test } from 'vitest'
import { inspectDocument, loadTrustStore } from '../../src/signature/signature.ts'
import {
  derOf,
  type Identity,
  LEAF,
  PERSON,
  plainPdf,
  signingOffice,
  withByteFlipped,
  withUnsignedAttribute,
} from './support.ts'

const office = signingOffice()
afterAll(() => office[Symbol.dispose]())

const authority = office.authority()
const rossi = office.issue(authority, { subject: PERSON, key: 'rsa' })
const trusted = loadTrustStore(authority.pem)
const now = new Date()
const pdf = plainPdf()

async function accepted(bytes: Uint8Array, options = {}) {
  const inspection = await inspectDocument(bytes, { trusted, now, ...options })
  if (!inspection.ok) throw new Error(`refused: ${inspection.reason}`)
  const [signer] = inspection.signature.signers
  if (!signer) throw new Error('no signer')
  return { ...inspection, signer }
}

describe('the path to a configured authority', () => {
  const root = office.authority('/CN=Radice')
  const constrained = (pathLength: number) => [
    `basicConstraints=critical,CA:TRUE,pathlen:${pathLength}`,
    'keyUsage=critical,keyCertSign,cRLSign',
    'subjectKeyIdentifier=hash',
  ]
  const below = (issuer: Identity, extensions = constrained(0), subject = '/CN=Intermedia', more = {}) =>
    office.issue(issuer, { subject, extensions, ...more })
  const trustOf = async (issuer: Identity, sent: Identity[], leaf: string[] = LEAF) => {
    const signer = office.issue(issuer, { subject: PERSON, extensions: leaf })
    const bytes = office.sign(pdf, signer, { send: sent })
    const ours = (await accepted(bytes, { trusted: loadTrustStore(root.pem) })).signer.trusted
    return [ours, office.opensslVerifies(bytes, root) !== null]
  }

  test('goes over authorities sent along', async () => {
    const middle = below(root)
    expect(await trustOf(middle, [middle])).toEqual([true, true])
    expect(await trustOf(middle, [])).toEqual([false, false])
  })

  test('does not go over a certificate that is no authority', async () => {
    const person = below(root, LEAF)
    expect(await trustOf(person, [person])).toEqual([false, false])
  })

  test('respects how long a path its authorities allow', async () => {
    const middle = below(root, constrained(0))
    const lower = below(middle, constrained(0), '/CN=Inferiore')
    expect(await trustOf(lower, [middle, lower])).toEqual([false, false])
    const generous = below(root, constrained(1), '/CN=Generosa')
    const last = below(generous, constrained(0), '/CN=Ultima')
    expect(await trustOf(last, [generous, last])).toEqual([true, true])
  })

  test('does not go over an authority whose key may not sign certificates', async () => {
    const idle = below(root, ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,cRLSign'])
    expect(await trustOf(idle, [idle])).toEqual([false, false])
  })

  test('does not go over an authority past its dates', async () => {
    const past = below(root, constrained(0), '/CN=Scaduta', {
      from: '20200101000000Z',
      until: '20210101000000Z',
    })
    expect(await trustOf(past, [past])).toEqual([false, false])
  })

  test('a critical extension we do not know, or a key for other uses, is not relied on', async () => {
    expect((await trustOf(root, [], [...LEAF, '1.2.3.4=critical,ASN1:NULL']))[0]).toBe(false)
    expect((await trustOf(root, [], ['keyUsage=critical,keyEncipherment']))[0]).toBe(false)
  })

  test('a signer’s certificate may itself be configured', async () => {
    const own = office.issue('itself', { subject: PERSON })
    const { signer } = await accepted(office.sign(pdf, own), { trusted: loadTrustStore(own.pem) })
    expect(signer.trusted).toBe(true)
  })

  test('an authority may be given in DER, as authorities publish themselves', async () => {
    const signed = office.sign(pdf, rossi)
    const { signer } = await accepted(signed, { trusted: loadTrustStore(derOf(authority.pem)) })
    expect(signer.trusted).toBe(true)
  })

  test('a file that holds nothing to be used is told, not passed over', () => {
    for (const nothing of [
      '',
      'una nota',
      Buffer.from('3003020101', 'hex'),
      derOf(root.pem).subarray(0, 200),
    ])
      expect(() => loadTrustStore(root.pem, nothing)).toThrow(/holds no certificate|cannot be read/)
  })

  test('a broken bundle is told at start', () => {
    const broken = `${root.pem}\n-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n`
    expect(() => loadTrustStore(broken)).toThrow('certificate 2')
  })
})

describe('the time of a signature', () => {
  const stamping = office.timestampAuthority(authority)
  const TOKEN = '1.2.840.113549.1.9.16.2.14'
  const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest()
  const stamped = (makeToken: (signature: Buffer) => Buffer) =>
    withUnsignedAttribute(office.sign(pdf, rossi), TOKEN, makeToken)

  test('is the timestamp’s where there is one over this signature (RFC 3161)', async () => {
    const { signature, signer } = await accepted(stamped((value) => stamping.token(sha256(value))))
    expect(signer).toMatchObject({ signedAtSource: 'timestamp', problem: null })
    expect(signer.timestamp).toMatchObject({ unaltered: true, trusted: true, authority: 'Prova TSA' })
    expect(signer.signedAt).toBe(signer.timestamp?.at)
    expect(signature.status).toBe('valid')
  })

  test('is the claimed one where the timestamp’s authority is not a configured one', async () => {
    const stranger = office.timestampAuthority(office.authority('/CN=CA sconosciuta'))
    const { signer } = await accepted(stamped((value) => stranger.token(sha256(value))))
    expect(signer).toMatchObject({
      signedAtSource: 'claimed',
      timestamp: { unaltered: true, trusted: false },
    })
  })

  test.each([
    ['of something else', () => stamping.token(sha256(Buffer.from('altro')))],
    ['altered', (value: Buffer) => withByteFlipped(stamping.token(sha256(value)), -5)],
  ])('is the claimed one where the timestamp is %s, and that is told', async (_, makeToken) => {
    const { signature, signer } = await accepted(stamped(makeToken))
    expect(signer).toMatchObject({
      unaltered: true,
      signedAtSource: 'claimed',
      timestamp: { unaltered: false },
      problem: 'timestamp-unsound',
    })
    expect(signature.status).toBe('unverifiable')
  })

  test('is the claimed one where the timestamp cannot be read', async () => {
    const { signer } = await accepted(stamped(() => Buffer.from('0500', 'hex')))
    expect(signer).toMatchObject({ signedAtSource: 'claimed', timestamp: { at: null, unaltered: null } })
  })

  test('a certificate that may not timestamp makes no trusted timestamp (RFC 3161 §2.3)', async () => {
    const { signer } = await accepted(
      stamped((value) => {
        const info = office.opensslVerifies(stamping.token(sha256(value)))
        return office.sign(info ?? '', rossi, { contentType: '1.2.840.113549.1.9.16.1.4' })
      }),
    )
    expect(signer).toMatchObject({
      signedAtSource: 'claimed',
      timestamp: { unaltered: true, trusted: false },
    })
  })
})

describe('revocation, where the authorities’ lists are given', () => {
  const bytes = office.sign(pdf, rossi)
  const past = '20260101000000Z'
  const future = '20340101000000Z'
  const told = async (document: Buffer, ...files: string[]) =>
    (await accepted(document, { trusted: loadTrustStore(authority.pem, ...files) })).signer.revocation

  test('a certificate that is on the list is revoked, one that is not is not', async () => {
    const other = office.issue(authority, { subject: '/CN=VERDI ANNA' })
    const list = office.revoke(authority, [[rossi, past]])
    expect(await told(bytes, list)).toBe('revoked')
    expect(await told(office.sign(pdf, other), list)).toBe('not-revoked')
    expect(await told(bytes)).toBe('not-checked')
  })

  test('a revocation after the signature spares it only where its time is proven', async () => {
    const list = office.revoke(authority, [[rossi, future]])
    expect(await told(bytes, list)).toBe('revoked')
    const stamping = office.timestampAuthority(authority)
    const proven = withUnsignedAttribute(bytes, '1.2.840.113549.1.9.16.2.14', (value) =>
      stamping.token(createHash('sha256').update(value).digest()),
    )
    expect(await told(proven, list)).toBe('not-revoked')
    expect(await told(proven, office.revoke(authority, [[rossi, past]]))).toBe('revoked')
  })

  test('a list in DER, as authorities publish it, says the same as in PEM', async () => {
    const trustWith = (list: string) => loadTrustStore(authority.pem, derOf(list))
    const judged = async (list: string) =>
      (await accepted(bytes, { trusted: trustWith(list) })).signer.revocation
    expect(await judged(office.revoke(authority, [[rossi, past]]))).toBe('revoked')
    expect(await judged(office.revoke(authority, []))).toBe('not-revoked')
  })

  test('the authorities between are looked up too, and the worst is told (RFC 5280 §6.1.3)', async () => {
    const CA = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign']
    const middle = office.issue(authority, { subject: '/CN=Intermedia', extensions: CA })
    const below = office.sign(pdf, office.issue(middle, { subject: PERSON }), { send: [middle] })
    const ofSigner = office.revoke(middle, [])
    expect(await told(below, ofSigner)).toBe('not-checked')
    expect(await told(below, office.revoke(authority, []))).toBe('not-checked')
    expect(await told(below, ofSigner, office.revoke(authority, []))).toBe('not-revoked')
    expect(await told(below, ofSigner, office.revoke(authority, [[middle, past]]))).toBe('revoked')
  })

  test('of a time that is only claimed, a list that has ended says nothing: a thief claims the day before', async () => {
    const list = office.revoke(authority, [], { until: '20300101000000Z' })
    const judged = async (day: string) =>
      (
        await accepted(bytes, {
          trusted: loadTrustStore(authority.pem, list),
          now: new Date(`${day}T00:00:00Z`),
        })
      ).signer.revocation
    expect(await judged('2029-12-31')).toBe('not-revoked')
    expect(await judged('2030-01-02')).toBe('not-checked')
  })

  test('a timestamp proves nothing once its authority’s certificate is revoked, and that is told', async () => {
    const stamping = office.timestampAuthority(authority)
    const stamped = withUnsignedAttribute(bytes, '1.2.840.113549.1.9.16.2.14', (value) =>
      stamping.token(createHash('sha256').update(value).digest()),
    )
    const judged = async (list: string) =>
      (await accepted(stamped, { trusted: loadTrustStore(authority.pem, list) })).signer
    expect(await judged(office.revoke(authority, []))).toMatchObject({
      signedAtSource: 'timestamp',
      timestamp: { trusted: true, revocation: 'not-revoked' },
    })
    expect(await judged(office.revoke(authority, [[stamping.identity, past]]))).toMatchObject({
      signedAtSource: 'claimed',
      timestamp: { trusted: true, revocation: 'revoked' },
    })
  })

  test('a list that ends before the signature, or begins after the certificate’s end, says nothing', async () => {
    const old = { from: '20250101000000Z', until: '20250201000000Z' }
    expect(await told(bytes, office.revoke(authority, [], old))).toBe('not-checked')
    const late = { from: '20360101000000Z', until: '20370101000000Z' }
    expect(await told(bytes, office.revoke(authority, [], late))).toBe('not-checked')
  })

  test('another authority’s list, or a forged one, says nothing', async () => {
    const impostor = office.authority()
    expect(await told(bytes, office.revoke(impostor, []))).toBe('not-checked')
    const list = derOf(office.revoke(authority, []))
    const forged = withByteFlipped(list, -1).toString('base64')
    expect(await told(bytes, `-----BEGIN X509 CRL-----\n${forged}\n-----END X509 CRL-----`)).toBe(
      'not-checked',
    )
  })

  test('a list for one distribution point speaks of the certificates that name it (RFC 5280 §5.2.5)', async () => {
    const partOf = (name: string) =>
      office.revoke(authority, [], {
        extensions: [
          'issuingDistributionPoint=critical,@point',
          '[point]',
          `fullname=URI:http://crl.example/${name}`,
        ],
      })
    const extensions = [...LEAF, 'crlDistributionPoints=URI:http://crl.example/7']
    const signed = office.sign(pdf, office.issue(authority, { subject: PERSON, extensions }))
    expect(await told(signed, partOf('7'))).toBe('not-revoked')
    expect(await told(signed, partOf('8'))).toBe('not-checked')
    expect(await told(bytes, partOf('7'))).toBe('not-checked')
  })

  test('a list of a kind that cannot be used is told at start', () => {
    const indirect = office.revoke(authority, [], {
      extensions: ['issuingDistributionPoint=critical,@point', '[point]', 'indirectCRL=TRUE'],
    })
    expect(() => loadTrustStore(indirect)).toThrow('cannot be read as a certificate or CRL')
  })
})

describe('a national trusted list (ETSI TS 119 612)', () => {
  const state = (type: string, status: string, { pem }: Identity) => `
      <tsl:ServiceTypeIdentifier>http://uri.etsi.org/TrstSvc/Svctype/${type}</tsl:ServiceTypeIdentifier>
      <tsl:ServiceDigitalIdentity><tsl:DigitalId><tsl:X509Certificate>${derOf(pem).toString('base64')}
      </tsl:X509Certificate></tsl:DigitalId></tsl:ServiceDigitalIdentity>
      <tsl:ServiceStatus>http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/${status}</tsl:ServiceStatus>`
  const service = (type: string, status: string, identity: Identity, history = '') =>
    `<tsl:TSPService><tsl:ServiceInformation>${state(type, status, identity)}</tsl:ServiceInformation>
     <tsl:ServiceHistory>${history}</tsl:ServiceHistory></tsl:TSPService>`
  const list = (...services: string[]) =>
    `<tsl:TrustServiceStatusList>${services.join('')}</tsl:TrustServiceStatusList>`
  const trustBy = async (xml: string) =>
    (await accepted(office.sign(pdf, rossi), { trusted: loadTrustStore(xml) })).signer.trusted
  const other = office.authority('/CN=Altra')

  test('trusts the authorities granted now, and no others', async () => {
    const kept = service('CA/QC', 'granted', other)
    expect(await trustBy(list(kept, service('CA/QC', 'granted', authority)))).toBe(true)
    expect(await trustBy(list(kept, service('CA/QC', 'withdrawn', authority)))).toBe(false)
    expect(await trustBy(list(kept, service('Certstatus/OCSP/QC', 'granted', authority)))).toBe(false)
  })

  test('does not take what a service was before for what it is', async () => {
    const before = state('CA/QC', 'granted', authority)
    const once = `<tsl:ServiceHistoryInstance>${before}</tsl:ServiceHistoryInstance>`
    const kept = service('CA/QC', 'granted', other)
    expect(await trustBy(list(kept, service('CA/QC', 'withdrawn', authority, once)))).toBe(false)
  })
})
