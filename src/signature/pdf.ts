import { parse } from './asn1.ts'
import { signedData } from './cms.ts'
import { type Options, reportSigner, UNREADABLE_SIGNER } from './report.ts'
import type { SignerReport, TimestampReport } from './signature.ts'
import { type SignedContent, signedContent } from './signer.ts'
import { isTimestampToken, verifyTimestamp } from './timestamp.ts'

export type PdfSignatures = { signers: SignerReport[]; timestamps: TimestampReport[] }

/** The signatures in a PDF (ISO 32000-1 §12.8); null: this is not a whole PDF that a reader could open. */
export function inspectPdf(bytes: Uint8Array, options: Options): PdfSignatures | null {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (!isWhole(file)) return null
  const fields = findFields(file)
  if (!fields) return null
  const checked = fields.map((field) => checkField(field, options))
  return {
    signers: withCoverage(
      checked.flatMap(({ signer, end }) => (signer ? [{ signer, end }] : [])),
      endOfContent(file),
    ),
    timestamps: checked.flatMap(({ timestamp }) => timestamp ?? []),
  }
}

const HEAD_BYTES = 1024
const TAIL_BYTES = 2048

// Enough to tell a cut or mangled file from one that readers open; reading every object is the reader's work.
function isWhole(file: Buffer): boolean {
  const head = file.toString('latin1', 0, HEAD_BYTES)
  const header = head.indexOf('%PDF-')
  const tail = file.toString('latin1', Math.max(0, file.byteLength - TAIL_BYTES))
  const startxref = /startxref\s+(\d{1,12})\s+%%EOF/g
  const target = [...tail.matchAll(startxref)].at(-1)?.[1]
  if (header < 0 || target === undefined) return false
  // A linearized file (ISO 32000-1 annex F) says how long it must at least be.
  const length = /\/Linearized\b[^>]{0,200}\/L\s+(\d{1,12})/.exec(head)?.[1]
  if (length !== undefined && Number(length) > file.byteLength) return false
  // Offsets count from the header in files with something before it (ISO 32000-1 annex H.3, note 13).
  const isXref = (at: number) => /^\s*(xref|\d+\s+\d+\s+obj)\b/.test(file.toString('latin1', at, at + 40))
  if (isXref(Number(target)) || isXref(Number(target) + header)) return true
  // Readers rebuild a wrong table where the objects are there.
  return file.includes(' obj') && file.includes('/Root')
}

/** A signature dictionary: what it signs, and the signature. */
type Field = {
  /** Where the signed bytes end in the file; 0: they cannot be told. */
  end: number
  signed: SignedContent
  contents: Buffer
  claimedAt: Date | null
  /** adbe.x509.rsa_sha1 holds no CMS. */
  isBareRsa: boolean
}

const BYTE_RANGE = '/ByteRange'
// Each one costs a pass over the file, and each mention a look.
const MAX_FIELDS = 32
const MAX_MENTIONS = 1000
const MAX_ATTACHMENTS = 8

function findFields(file: Buffer): (Field | 'unreadable' | 'mismatched')[] | null {
  const found = new Map<string, Field | 'unreadable' | 'mismatched'>()
  let mentions = 0
  for (let at = file.indexOf(BYTE_RANGE); at >= 0; at = file.indexOf(BYTE_RANGE, at + 1)) {
    if (++mentions > MAX_MENTIONS) return null
    // An array, or a reference to one, which no signature may have: anything else is text that speaks of it.
    const value = /^\/ByteRange\s*(\[[^\]]{0,120}\]|\d+\s+\d+\s+R\b)/.exec(
      file.toString('latin1', at, at + 160),
    )?.[1]
    if (!value) continue
    const range = value.replace(/^\[|\]$/g, '').trim()
    const field = readField(file, range)
    if (field) found.set(range, field)
    if (found.size > MAX_FIELDS) return null
  }
  return [...found.values()]
}

// The range must take in the file from its first byte, leaving out nothing but the /Contents string itself: else
// bytes could be changed that no signature covers.
function readField(file: Buffer, range: string): Field | 'unreadable' | 'mismatched' | null {
  const numbers = /^(\d{1,12})\s+(\d{1,12})\s+(\d{1,12})\s+(\d{1,12})$/.exec(range)?.slice(1).map(Number)
  // Prepared for a signature that was never made.
  if (!numbers || numbers.every((number) => number === 0)) return 'unreadable'
  const [start = 0, before = 0, after = 0, rest = 0] = numbers
  const end = after + rest
  if (isContentsString(file, before, after) && start === 0 && end <= file.byteLength) {
    const dictionary = dictionaryAround(file, before, after)
    return {
      end,
      signed: signedContent(file.subarray(0, before), file.subarray(after, end)),
      contents: Buffer.from(file.toString('latin1', before + 1, after - 1).replace(/\s/g, ''), 'hex'),
      claimedAt: pdfDate(dictionary),
      isBareRsa: /\/SubFilter\s*\/adbe\.x509\.rsa_sha1\b/.test(dictionary),
    }
  }
  return belongsToAttachment(file, before, after) ? null : 'mismatched'
}

const MAX_CONTENTS_BYTES = 4 * 1024 * 1024

function isContentsString(file: Buffer, before: number, after: number): boolean {
  if (after - before < 2 || after - before > MAX_CONTENTS_BYTES || after > file.byteLength) return false
  return /^<[0-9A-Fa-f\s]*>$/.test(file.toString('latin1', before, after))
}

// A signed PDF attached to this one without compression: its offsets count from its own header.
function belongsToAttachment(file: Buffer, before: number, after: number): boolean {
  let header = file.indexOf('%PDF-', file.indexOf('%PDF-') + 1)
  for (let looked = 0; header >= 0 && looked < MAX_ATTACHMENTS; looked++) {
    if (isContentsString(file, header + before, header + after)) return true
    header = file.indexOf('%PDF-', header + 1)
  }
  return false
}

const DICTIONARY_REACH = 4096

function dictionaryAround(file: Buffer, before: number, after: number): string {
  const ahead = file.toString('latin1', Math.max(0, before - DICTIONARY_REACH), before)
  const behind = file.toString('latin1', after, after + DICTIONARY_REACH)
  return ahead.slice(ahead.lastIndexOf(' obj') + 1) + behind.split('endobj', 1)[0]
}

// /M (D:YYYYMMDDHHmmSSOHH'mm') (ISO 32000-1 §7.9.4): PAdES keeps the claimed time here and not in the CMS.
function pdfDate(dictionary: string): Date | null {
  const form = /\/M\s*\(D:(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:Z|([+-]\d\d)'?(\d\d))?/.exec(dictionary)
  if (!form) return null
  const [, year, month, day, hour, minute, second, offsetHours = '+00', offsetMinutes = '00'] = form
  const at = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}${offsetHours}:${offsetMinutes}`)
  return Number.isNaN(at.getTime()) ? null : at
}

type Checked = { end: number; signer?: SignerReport; timestamp?: TimestampReport }

function checkField(field: Field | 'unreadable' | 'mismatched', options: Options): Checked {
  if (field === 'unreadable') return { end: 0, signer: UNREADABLE_SIGNER }
  if (field === 'mismatched') return { end: 0, signer: { ...UNREADABLE_SIGNER, unaltered: false } }
  if (field.isBareRsa)
    return { end: field.end, signer: { ...UNREADABLE_SIGNER, problem: 'unsupported-algorithm' } }
  try {
    return { end: field.end, ...checkCms(field, options) }
  } catch {
    return { end: field.end, signer: UNREADABLE_SIGNER }
  }
}

function checkCms({ contents, signed, claimedAt }: Field, options: Options): Omit<Checked, 'end'> {
  // What fills up the place behind the signature says nothing: it is NULs, or what stood there before.
  const data = signedData(parse(contents).node)
  if (isTimestampToken(data)) return { timestamp: verifyTimestamp(data, signed, options) }
  const [signer, ...others] = data.signers
  // ISO 32000-1 §12.8.3.3.1: one signer, and nothing inside.
  if (!signer || others.length > 0) return { signer: UNREADABLE_SIGNER }
  if (!data.content?.byteLength) return { signer: reportSigner(signer, data, signed, options, claimedAt) }
  // adbe.pkcs7.sha1 holds the SHA-1 of the bytes and signs that.
  const report = reportSigner(signer, data, signedContent(data.content), options, claimedAt)
  const holdsDigest = signed.digest('sha1').equals(data.content)
  return {
    signer: {
      ...report,
      unaltered: holdsDigest && report.unaltered,
      problem: report.problem ?? 'weak-algorithm',
    },
  }
}

// What was added after the last signature is vouched for by nobody. What lies between two signatures is vouched for
// by the later signer; the earlier one signed an earlier version.
function withCoverage(signers: { signer: SignerReport; end: number }[], endOfFile: number): SignerReport[] {
  const someoneSignedAll = signers.some(({ signer, end }) => signer.unaltered === true && end >= endOfFile)
  return signers.map(({ signer, end }) => {
    if (end >= endOfFile || end === 0) return signer
    return {
      ...signer,
      covers: 'earlier-version',
      problem: signer.problem ?? (someoneSignedAll ? null : 'changed-after-signing'),
    }
  })
}

// White space at the very end says nothing, and some transports add a line end.
function endOfContent(file: Buffer): number {
  let end = file.byteLength
  while (end > 0 && [0x00, 0x09, 0x0a, 0x0c, 0x0d, 0x20].includes(file[end - 1] ?? -1)) end--
  return end
}
