import { Asn1Error, type Node, parse } from './asn1.ts'
import { signedData } from './cms.ts'
import { inspectPdf } from './pdf.ts'
import { recognise } from './recognise.ts'
import { reportSigner, summarise } from './report.ts'
import type { Revocation } from './revocation.ts'
import { signedContent } from './signer.ts'
import type { TrustStore } from './trust.ts'

export { loadTrustStore, type TrustStore } from './trust.ts'

/** What was found out about a document's signatures, told fact by fact (S19). */
export type SignatureReport = {
  /**
   * 'valid': every signature was checked and matches the bytes, and no `problem` is left; it says nothing of trust.
   * 'none': the document carries no signature at all.
   */
  status: 'valid' | 'altered' | 'unverifiable' | 'none'
  /** The document's own signers first, then those of the envelopes around it. */
  signers: SignerReport[]
  /** Timestamps over a whole PDF (PAdES B-LTA), beside those of the single signers. */
  timestamps: TimestampReport[]
  /** ISO 8601 instant of the check. */
  checkedAt: string
}

export type SignerReport = {
  name: string | null
  taxCode: string | null
  /** ISO 8601 instant of the signature. */
  signedAt: string | null
  /** Where that instant comes from: a timestamping authority's token, or the signer's own clock. */
  signedAtSource: 'timestamp' | 'claimed' | null
  timestamp: TimestampReport | null
  /** Do the signed digest and the signature match the document's bytes? */
  unaltered: boolean | null
  /** Does the certificate chain to a configured authority? null: none is configured, so nothing was checked. */
  trusted: boolean | null
  /** Was the certificate within its dates at the time of the signature? null: no time is known. */
  inValidity: boolean | null
  certificate: {
    issuer: string | null
    /** Hexadecimal. */
    serialNumber: string
    /** ISO 8601 instants. */
    validFrom: string
    validUntil: string
    /** Was it past its dates when we checked? */
    expired: boolean
  } | null
  /** Was the certificate revoked, or that of an authority between it and the configured one? The worst of them. */
  revocation: Revocation
  /** 'earlier-version': something was added to the PDF after this signature. */
  covers: 'document' | 'earlier-version'
  /** What keeps us from saying more, or from relying on it. */
  problem: SignatureProblem | null
}

export type TimestampReport = {
  /** ISO 8601 instant told by the authority. */
  at: string | null
  authority: string | null
  /** Is the token sound, and is it over these bytes? */
  unaltered: boolean | null
  /** Does the authority's certificate chain to a configured one? */
  trusted: boolean | null
  /** Was it, or one between, revoked? Absent where the check was made before this was looked up. */
  revocation?: Revocation
}

export type SignatureProblem =
  /** The signature's structure cannot be read. */
  | 'malformed'
  /** A key, hash or scheme that we do not compute. */
  | 'unsupported-algorithm'
  /** SHA-1, or a key too short: it matches, but another document might match as well. */
  | 'weak-algorithm'
  /** The signer's certificate was not sent along. */
  | 'certificate-missing'
  /** The certificate sent along is not the one the signer named. */
  | 'wrong-certificate'
  /** The PDF was added to after the last signature. */
  | 'changed-after-signing'
  /** The timestamp is broken, or of something else. */
  | 'timestamp-unsound'
  /** The signature claims a time that has not come. */
  | 'signed-in-the-future'

export type Inspection =
  | {
      ok: true
      kind: 'p7m' | 'pdf'
      /** The PDF to show: for kind 'pdf' the bytes themselves; null where a .p7m holds something else. */
      pdf: Uint8Array | null
      signature: SignatureReport
    }
  | { ok: false; reason: 'empty' | 'unrecognised' | 'detached' | 'altered' | 'malformed' }

const MAX_BYTES = 256 * 1024 * 1024
const MAX_ENVELOPES = 5

/** Looks into a delivered document: what it is, whether it is whole, who signed it (S17, S19). It never throws. */
export async function inspectDocument(
  bytes: Uint8Array,
  options: { trusted: TrustStore; now: Date },
): Promise<Inspection> {
  try {
    return inspect(bytes, options)
  } catch {
    // Nothing that is sent may take the process down: whatever a parser chokes on is not a document.
    return { ok: false, reason: 'malformed' }
  }
}

function inspect(bytes: Uint8Array, options: { trusted: TrustStore; now: Date }): Inspection {
  if (bytes.byteLength > MAX_BYTES) return { ok: false, reason: 'malformed' }
  const signers: SignerReport[] = []
  let content = bytes
  let seen = recognise(content)
  // .p7m.p7m: whoever signs a signed file puts another envelope around it.
  for (let envelopes = 0; seen.kind === 'cms'; envelopes++) {
    if (envelopes === MAX_ENVELOPES) return { ok: false, reason: 'malformed' }
    const data = signedData(onlyValue(seen.bytes))
    const inner = data.content
    if (!inner) return { ok: false, reason: data.signers.length > 0 ? 'detached' : 'unrecognised' }
    const signed = signedContent(inner)
    signers.unshift(...data.signers.map((signer) => reportSigner(signer, data, signed, options)))
    content = inner
    seen = recognise(content)
  }

  const isEnvelope = content !== bytes
  if (!isEnvelope && seen.kind !== 'pdf') {
    return { ok: false, reason: seen.kind === 'empty' ? 'empty' : 'unrecognised' }
  }
  const inPdf = seen.kind === 'pdf' ? inspectPdf(content, options) : { signers: [], timestamps: [] }
  const signature = summarise([...(inPdf?.signers ?? []), ...signers], inPdf?.timestamps ?? [], options.now)
  if (signature.status === 'altered') return { ok: false, reason: 'altered' }
  if (!inPdf) return { ok: false, reason: 'malformed' }
  return {
    ok: true,
    kind: isEnvelope ? 'p7m' : 'pdf',
    pdf: seen.kind === 'pdf' ? content : null,
    signature,
  }
}

// A line end is what some tools add to a file; anything else after the envelope would be signed by nobody.
function onlyValue(bytes: Uint8Array): Node {
  const { node, rest } = parse(bytes)
  if (rest.some((byte) => byte !== 0 && byte !== 0x0a && byte !== 0x0d)) throw new Asn1Error('bytes after it')
  return node
}
