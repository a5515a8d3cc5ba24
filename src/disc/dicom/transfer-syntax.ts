/** How a Data Set is encoded (PS3.5 Annex A). */
export type Encoding = {
  readonly explicitVr: boolean
  readonly littleEndian: boolean
}

export const IMPLICIT_LITTLE: Encoding = { explicitVr: false, littleEndian: true }
export const EXPLICIT_LITTLE: Encoding = { explicitVr: true, littleEndian: true }
export const EXPLICIT_BIG: Encoding = { explicitVr: true, littleEndian: false }

export const TRANSFER_SYNTAX = {
  implicitLittle: '1.2.840.10008.1.2',
  explicitLittle: '1.2.840.10008.1.2.1',
  deflated: '1.2.840.10008.1.2.1.99',
  explicitBig: '1.2.840.10008.1.2.2',
  /** What the images of a compact disc are coded in. */
  jpegLosslessSv1: '1.2.840.10008.1.2.4.70',
} as const

/** The encoding of a Data Set once inflated. All encapsulated syntaxes are Explicit VR Little Endian (PS3.5 §A.4). */
export function encodingOf(transferSyntaxUid: string): Encoding {
  if (transferSyntaxUid === TRANSFER_SYNTAX.implicitLittle) return IMPLICIT_LITTLE
  if (transferSyntaxUid === TRANSFER_SYNTAX.explicitBig) return EXPLICIT_BIG
  return EXPLICIT_LITTLE
}
