/** Bytes that are no MLLP: the sender is told why, and the connection closed, for what follows cannot be told apart. */
export class FramingError extends Error {
  override readonly name = 'FramingError'
  /** How the message began that is too large: its answer must name it. */
  readonly head: Uint8Array

  constructor(reason: string, head: Uint8Array = new Uint8Array()) {
    super(reason)
    this.head = head
  }
}

const HEAD_BYTES = 2_000

// <VT> message <FS> <CR> (HL7 v2.5 appendix C, C.4).
const START = 0x0b
const END = 0x1c
const CR = 0x0d
const LF = 0x0a

/** Message bytes in their frame. */
export const frame = (message: Uint8Array): Uint8Array =>
  Buffer.concat([Uint8Array.of(START), message, Uint8Array.of(END, CR)])

/** Takes messages out of a stream of bytes, however it is cut into chunks. Line ends between frames are passed over. */
export function createFrameReader(maxBytes: number) {
  let inside = false
  let parts: Uint8Array[] = []
  let size = 0

  return {
    /** Bytes of a message whose end has not come. */
    get pendingBytes(): number {
      return inside ? size + 1 : 0
    },

    /** The messages that end in this chunk. Throws FramingError once those before the fault were taken. */
    *push(chunk: Uint8Array): Generator<Uint8Array> {
      let at = 0
      while (at < chunk.byteLength) {
        if (!inside) {
          const byte = chunk[at]
          at += 1
          if (byte === START) inside = true
          else if (byte !== CR && byte !== LF)
            throw new FramingError('A message must begin with <VT> (0x0B): this is not MLLP.')
          continue
        }
        const end = chunk.indexOf(END, at)
        const upTo = end === -1 ? chunk.byteLength : end
        const piece = chunk.subarray(at, upTo)
        if (piece.includes(START))
          throw new FramingError('A message began before the one before it had ended with <FS><CR>.')
        if (size + piece.byteLength > maxBytes)
          throw new FramingError(
            `The message is larger than ${Math.floor(maxBytes / 1_000_000)} MB.`,
            beginning([...parts, piece]),
          )
        if (piece.byteLength > 0) parts.push(piece)
        size += piece.byteLength
        at = upTo + 1
        if (end === -1) continue
        const message = Buffer.concat(parts, size)
        inside = false
        parts = []
        size = 0
        yield message
      }
    },
  }
}

function beginning(parts: readonly Uint8Array[]): Uint8Array {
  const enough: Uint8Array[] = []
  let size = 0
  for (const part of parts) {
    if (size >= HEAD_BYTES) break
    enough.push(part)
    size += part.byteLength
  }
  return Buffer.concat(enough).subarray(0, HEAD_BYTES)
}
