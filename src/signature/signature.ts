/** What was found out about a document's signatures, told fact by fact (S19). */
export type SignatureReport = {
  /** 'none': the document carries no signature at all. */
  status: 'valid' | 'altered' | 'unverifiable' | 'none'
  signers: SignerReport[]
}

export type SignerReport = {
  name: string | null
  taxCode: string | null
  /** ISO 8601 instant, as claimed by the signer. */
  signedAt: string | null
  /** Do the signed digest and the signature match the document's bytes? */
  unaltered: boolean | null
  /** Does the certificate chain to a configured authority? null: none is configured, so nothing was checked. */
  trusted: boolean | null
  /** Was the certificate within its dates at the claimed signing time? */
  inValidity: boolean | null
  /** A short code of what kept us from checking, such as 'unsupported-algorithm'. */
  problem: string | null
}
