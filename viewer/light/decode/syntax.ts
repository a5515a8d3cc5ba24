/** The WebAssembly codec that a transfer syntax needs, or null where it is ours to decode or unknown. */
export function neededCodec(transferSyntaxUid: string): CodecName | null {
  const last = /^1\.2\.840\.10008\.1\.2\.4\.(\d+)$/.exec(transferSyntaxUid)?.[1] ?? ''
  return CODECS[last] ?? null
}

export type CodecName = 'charls' | 'openjpeg' | 'openjph'

const CODECS: Readonly<Record<string, CodecName>> = {
  '80': 'charls',
  '81': 'charls',
  '90': 'openjpeg',
  '91': 'openjpeg',
  '201': 'openjph',
  '202': 'openjph',
  '203': 'openjph',
}
