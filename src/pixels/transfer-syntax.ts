/** Transfer Syntaxes whose pixels are encapsulated, and how each is coded (PS3.5 Annex A, PS3.6 Table A-1). */
const CODING = {
  '1.2.840.10008.1.2.4.50': 'jpeg',
  '1.2.840.10008.1.2.4.51': 'jpeg',
  '1.2.840.10008.1.2.4.57': 'jpeg-lossless',
  '1.2.840.10008.1.2.4.70': 'jpeg-lossless',
  '1.2.840.10008.1.2.4.80': 'jpeg-ls',
  '1.2.840.10008.1.2.4.81': 'jpeg-ls',
  '1.2.840.10008.1.2.4.90': 'jpeg-2000',
  '1.2.840.10008.1.2.4.91': 'jpeg-2000',
  '1.2.840.10008.1.2.4.201': 'htj2k',
  '1.2.840.10008.1.2.4.202': 'htj2k',
  '1.2.840.10008.1.2.4.203': 'htj2k',
  '1.2.840.10008.1.2.5': 'rle',
  '1.2.840.10008.1.2.8.1': 'deflated-frame',
} as const

export type Coding = (typeof CODING)[keyof typeof CODING] | 'native' | 'unknown'

const NATIVE: ReadonlySet<string> = new Set([
  '1.2.840.10008.1.2',
  '1.2.840.10008.1.2.1',
  '1.2.840.10008.1.2.1.99',
  '1.2.840.10008.1.2.2',
])

export function codingOf(transferSyntaxUid: string): Coding {
  if (NATIVE.has(transferSyntaxUid)) return 'native'
  return Object.hasOwn(CODING, transferSyntaxUid)
    ? CODING[transferSyntaxUid as keyof typeof CODING]
    : 'unknown'
}

export const isEncapsulated = (transferSyntaxUid: string): boolean => !NATIVE.has(transferSyntaxUid)

/** Of others only the stream tells, and the instance's own attribute is kept. */
export const isLossy = (transferSyntaxUid: string): boolean => codingOf(transferSyntaxUid) === 'jpeg'
