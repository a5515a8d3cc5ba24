import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { DicomFormatError } from './dicom/element.ts'
import { describeInstance, type InstanceDescription } from './dicom/instance.ts'
import { TRANSFER_SYNTAX } from './dicom/transfer-syntax.ts'
import { type LargeForm, openLargeFile } from './large-file.ts'

/** A stored file that is too large to be held without need; opened anew, it streams from its beginning. */
export type LargeSource = {
  readonly size: number
  readonly stream: () => Promise<AsyncIterable<Uint8Array>>
  /** Null where it is gone. */
  readonly whole: () => Promise<Uint8Array | null>
}

/** What is compressed in a way that no profile allows is decoded whole up to this length; longer it stays as it is. */
const LONGEST_WHOLE = 256 * 2 ** 20

type StreamDescription = InstanceDescription & { readonly streamed: LargeForm }

/**
 * What `describeInstance` says of a small file: read once for it, and again only if it is malformed. Null where it must
 * be taken whole, which its first bytes tell.
 */
export async function describeStream(
  source: LargeSource,
  staysAsItIs: (transferSyntaxUid: string) => boolean,
): Promise<StreamDescription | null> {
  const isWhole = (transferSyntaxUid: string) =>
    source.size <= LONGEST_WHOLE &&
    !NATIVE.has(transferSyntaxUid) &&
    (transferSyntaxUid === TRANSFER_SYNTAX.deflated || !staysAsItIs(transferSyntaxUid))
  try {
    return await describeAs('converted', source, isWhole)
  } catch (error) {
    if (!(error instanceof DicomFormatError)) throw error
    return await describeAs('as stored', source, isWhole)
  }
}

const NATIVE: ReadonlySet<string> = new Set([
  TRANSFER_SYNTAX.implicitLittle,
  TRANSFER_SYNTAX.explicitLittle,
  TRANSFER_SYNTAX.explicitBig,
])

async function describeAs(
  form: LargeForm,
  { stream }: LargeSource,
  isWhole: (transferSyntaxUid: string) => boolean,
): Promise<StreamDescription | null> {
  const { sample, conversion, transferSyntaxUid, pieces, close } = await openLargeFile(await stream(), form)
  if (isWhole(transferSyntaxUid)) {
    await close()
    return null
  }
  const described = describeInstance(sample)
  const digest = createHash('sha256')
  let length = 0
  let sum = 0
  for await (const piece of pieces) {
    digest.update(piece)
    sum = crc32(piece, sum)
    length += piece.byteLength
  }
  const digests = { length, sha256: digest.digest('hex'), crc32: sum }
  return { ...described, transferSyntaxUid, conversion, ...digests, streamed: form }
}
