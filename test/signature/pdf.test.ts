import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { afterAll, describe, expect, test } from 'vitest'
import { inspectDocument, loadTrustStore } from '../../src/signature/signature.ts'
import { increment, PERSON, plainPdf, signingOffice, signPdf, withByteFlipped } from './support.ts'

const office = signingOffice()
afterAll(() => office[Symbol.dispose]())

const authority = office.authority()
const rossi = office.issue(authority, { subject: PERSON, key: 'rsa' })
const verdi = office.issue(authority, { subject: '/C=IT/CN=VERDI ANNA', key: 'rsa' })
const trusted = loadTrustStore(authority.pem)
const now = new Date()
const pdf = plainPdf()
const byRossi = (bytes: Buffer) => office.sign(bytes, rossi, { detached: true })
const byVerdi = (bytes: Buffer) => office.sign(bytes, verdi, { detached: true })
const signed = signPdf(pdf, byRossi)
const rewritten: [number, string][] = [
  [4, '<< /Length 32 >>\nstream\nBT /F1 18 Tf (Altro referto) Tj ET\nendstream'],
]

const inspect = (bytes: Uint8Array) => inspectDocument(bytes, { trusted, now })

async function accepted(bytes: Uint8Array) {
  const inspection = await inspect(bytes)
  if (!inspection.ok) throw new Error(`refused: ${inspection.reason}`)
  return { ...inspection, ...inspection.signature }
}

/** What poppler says of each signature of the file. */
function pdfsig(bytes: Uint8Array) {
  let told = ''
  try {
    told = execFileSync('pdfsig', ['-nocert', office.save(bytes, '.pdf')], {
      encoding: 'utf8',
      stdio: 'pipe',
    })
  } catch (error) {
    told = String((error as { stdout?: string }).stdout)
  }
  return told
    .split(/^Signature #/m)
    .slice(1)
    .map((part) => ({
      valid: part.includes('Signature is Valid'),
      total: part.includes('Total document signed'),
    }))
}

describe('a signed PDF (PAdES), judged as poppler’s pdfsig does', () => {
  test('unaltered: signer, path and time are told, and the PDF is shown as it is', async () => {
    const { kind, pdf: shown, status, signers } = await accepted(signed)
    expect(kind).toBe('pdf')
    expect(shown).toBe(signed)
    expect(status).toBe('valid')
    expect(signers).toHaveLength(1)
    expect(signers[0]).toMatchObject({
      name: 'Mario Rossi',
      taxCode: 'RSSMRA70A01H501S',
      signedAtSource: 'claimed',
      unaltered: true,
      trusted: true,
      covers: 'document',
      problem: null,
    })
    expect(pdfsig(signed)).toEqual([{ valid: true, total: true }])
  })

  test('one byte of the page changed', async () => {
    const altered = withByteFlipped(signed, signed.indexOf('Referto di prova'))
    expect(await inspect(altered)).toEqual({ ok: false, reason: 'altered' })
    expect(pdfsig(altered)).toEqual([{ valid: false, total: true }])
  })

  test('one byte of the signature changed', async () => {
    const end = signed.toString('latin1').search(/0{64,}> \/M/)
    const at =
      signed
        .toString('latin1')
        .slice(0, end)
        .search(/[^0]0*$/) - 8
    const altered = Buffer.from(signed)
    altered.write(altered.toString('latin1', at, at + 1) === '3' ? '4' : '3', at, 'latin1')
    expect(await inspect(altered)).toEqual({ ok: false, reason: 'altered' })
    expect(pdfsig(altered)[0]?.valid).toBe(false)
  })

  test('something added after it is told, and it is not called valid any more', async () => {
    const added = increment(signed, rewritten)
    const { status, signers } = await accepted(added)
    expect(signers[0]).toMatchObject({
      unaltered: true,
      covers: 'earlier-version',
      problem: 'changed-after-signing',
    })
    expect(status).toBe('unverifiable')
    expect(pdfsig(added)).toEqual([{ valid: true, total: false }])
  })

  test('a line end after it is no change', async () => {
    expect((await accepted(Buffer.concat([signed, Buffer.from('\r\n')]))).status).toBe('valid')
  })

  test('a second signature covers what the first could not', async () => {
    const twice = signPdf(signed, byVerdi)
    const { status, signers } = await accepted(twice)
    expect(signers.map(({ name, covers, problem }) => [name, covers, problem])).toEqual([
      ['Mario Rossi', 'earlier-version', null],
      ['VERDI ANNA', 'document', null],
    ])
    expect(status).toBe('valid')
    expect(pdfsig(twice)).toEqual([
      { valid: true, total: false },
      { valid: true, total: true },
    ])
    const altered = withByteFlipped(twice, twice.indexOf('Referto di prova'))
    expect(await inspect(altered)).toEqual({ ok: false, reason: 'altered' })
  })

  test('a second signature that is broken covers nothing', async () => {
    const twice = signPdf(signed, () => Buffer.from('3003020100', 'hex'))
    const { status, signers } = await accepted(twice)
    expect(signers.map(({ problem }) => problem)).toEqual(['changed-after-signing', 'malformed'])
    expect(status).toBe('unverifiable')
  })

  test('a signature with nothing but the time in the PDF claims that time', async () => {
    const bare = signPdf(pdf, (bytes) => office.sign(bytes, rossi, { detached: true, bare: true }))
    const { signers } = await accepted(bare)
    expect(signers[0]).toMatchObject({ signedAt: '2026-11-01T09:30:00.000Z', signedAtSource: 'claimed' })
  })

  test('the older forms: adbe.pkcs7.detached, adbe.pkcs7.sha1 (weak), adbe.x509.rsa_sha1 (not computed)', async () => {
    const detached = signPdf(pdf, byRossi, { subFilter: 'adbe.pkcs7.detached' })
    expect((await accepted(detached)).status).toBe('valid')
    expect(pdfsig(detached)).toEqual([{ valid: true, total: true }])

    const sha1 = (bytes: Buffer) => office.sign(createHash('sha1').update(bytes).digest(), rossi)
    const digested = signPdf(pdf, sha1, { subFilter: 'adbe.pkcs7.sha1' })
    expect((await accepted(digested)).signers[0]).toMatchObject({
      unaltered: true,
      problem: 'weak-algorithm',
    })
    const altered = withByteFlipped(digested, digested.indexOf('Referto di prova'))
    expect(await inspect(altered)).toEqual({ ok: false, reason: 'altered' })

    const bareRsa = signPdf(pdf, () => Buffer.from('040101', 'hex'), { subFilter: 'adbe.x509.rsa_sha1' })
    const [signer] = (await accepted(bareRsa)).signers
    expect(signer).toMatchObject({ unaltered: null, problem: 'unsupported-algorithm' })
  })

  test('a timestamp over the whole document is told apart from its signers (PAdES B-LTA)', async () => {
    const stamping = office.timestampAuthority(authority)
    const token = (bytes: Buffer) => stamping.token(createHash('sha256').update(bytes).digest())
    const stamped = signPdf(pdf, token, { subFilter: 'ETSI.RFC3161', type: 'DocTimeStamp' })
    const { status, signers, timestamps } = await accepted(stamped)
    expect({ status, signers }).toEqual({ status: 'none', signers: [] })
    expect(timestamps).toMatchObject([{ authority: 'Prova TSA', unaltered: true, trusted: true }])
    const altered = withByteFlipped(stamped, stamped.indexOf('Referto di prova'))
    expect(await inspect(altered)).toEqual({ ok: false, reason: 'altered' })
  })

  test('in a .p7m both the envelope’s and the PDF’s own signers are told', async () => {
    const { kind, pdf: shown, status, signers } = await accepted(office.sign(signed, verdi))
    expect(kind).toBe('p7m')
    expect(signed.equals(shown ?? Buffer.alloc(0))).toBe(true)
    expect(signers.map(({ name }) => name)).toEqual(['Mario Rossi', 'VERDI ANNA'])
    expect(status).toBe('valid')
  })
})

describe('a signature must cover the file from end to end, but for itself', () => {
  const range = (numbers: string) => {
    const text = signed.toString('latin1')
    const [old = ''] = /\[0 [^\]]+\]/.exec(text.slice(text.lastIndexOf('/ByteRange'))) ?? []
    const copy = Buffer.from(signed)
    copy.write(`[${numbers}`.padEnd(old.length - 1), text.lastIndexOf(old), 'latin1')
    return copy
  }
  const [, first = 0, second = 0, rest = 0] =
    /ByteRange \[0 (\d+)\s+(\d+)\s+(\d+)/.exec(signed.toString('latin1'))?.map(Number) ?? []

  test.each([
    ['starts after the first byte', `1 ${first - 1} ${second} ${rest}`],
    ['leaves out more than the signature', `0 ${first - 40} ${second} ${rest}`],
    ['reaches beyond the file', `0 ${first} ${second} ${rest + 1}`],
    ['overlaps itself', `0 ${second} ${first} ${rest}`],
  ])('a range that %s is a document that does not match', async (_, numbers) => {
    expect(await inspect(range(numbers))).toEqual({ ok: false, reason: 'altered' })
  })

  test('anything but hexadecimal digits in the signature’s place is a place to hide things', async () => {
    const hiding = Buffer.from(signed)
    hiding.write(') /Hidden (', second - 40, 'latin1')
    expect(await inspect(hiding)).toEqual({ ok: false, reason: 'altered' })
  })

  test('a place prepared for a signature that was never made is not a signature', async () => {
    const prepared = increment(pdf, [
      [6, '<< /Type /Sig /ByteRange [0 /********** /********** /**********] /Contents <0000> >>'],
    ])
    const { status, signers } = await accepted(prepared)
    expect(status).toBe('unverifiable')
    expect(signers[0]).toMatchObject({ name: null, unaltered: null, problem: 'malformed' })
  })

  test('a text that speaks of byte ranges is no signature', async () => {
    const talking = increment(pdf, [[6, '(Il campo /ByteRange del dizionario, e /ByteRange>)']])
    expect((await accepted(talking)).status).toBe('none')
    const indirect = increment(pdf, [[6, '<< /Type /Sig /ByteRange 7 0 R /Contents <0000> >>']])
    expect((await accepted(indirect)).signers[0]).toMatchObject({ unaltered: null, problem: 'malformed' })
  })

  test('a signed PDF attached to an unsigned one does not sign it', async () => {
    const stream = signed.toString('latin1')
    const carrier = increment(pdf, [
      [6, `<< /Type /EmbeddedFile /Length ${signed.byteLength} >>\nstream\n${stream}\nendstream`],
    ])
    expect((await accepted(carrier)).status).toBe('none')
  })
})

describe('a PDF without a signature, and what is none', () => {
  test('is accepted and said to carry no signature', async () => {
    const { kind, status, signers } = await accepted(pdf)
    expect({ kind, status, signers }).toEqual({ kind: 'pdf', status: 'none', signers: [] })
  })

  test('is recognised with something before its header', async () => {
    expect((await accepted(Buffer.concat([Buffer.from('\n'.repeat(500)), pdf]))).status).toBe('none')
  })

  test.each([
    ['cut in half', pdf.subarray(0, pdf.byteLength / 2)],
    ['cut before its end', signed.subarray(0, -30)],
    ['a header alone', Buffer.from('%PDF-1.7\n')],
    ['a header and an end', Buffer.from('%PDF-1.7\nstartxref\n9\n%%EOF')],
    [
      'linearized and cut at an earlier end',
      Buffer.concat([Buffer.from('%PDF-1.7\n1 0 obj\n<< /Linearized 1 /L 999999 >>\nendobj\n'), pdf]),
    ],
  ])('%s is refused', async (_, bytes) => {
    expect(await inspect(bytes)).toEqual({ ok: false, reason: 'malformed' })
  })

  test('a broken PDF is refused in an envelope too', async () => {
    const bytes = office.sign(pdf.subarray(0, 200), rossi)
    expect(await inspect(bytes)).toEqual({ ok: false, reason: 'malformed' })
  })
})
