import { FrameError, type PixelModule } from '../model/model.ts'
import { type Codec, type CodecFactory, startCodec } from './codec.ts'
import { decodeFrame } from './decode.ts'
import type { CodecName } from './syntax.ts'

/** What the page asks of a worker: first the codec it shall hold, if any, then frames. */
export type Request =
  | { readonly kind: 'codec'; readonly name: CodecName; readonly wasm: Uint8Array<ArrayBuffer> }
  | {
      readonly kind: 'frame'
      readonly id: number
      readonly bytes: Uint8Array<ArrayBuffer>
      readonly transferSyntaxUid: string
      readonly pixel: PixelModule
    }

declare const self: {
  onmessage: (event: MessageEvent<Request>) => void
  postMessage(message: unknown, transfer: Transferable[]): void
  /** The script of the codec, put before this one, leaves its factory here. */
  ritiroCodecFactory?: CodecFactory
}

let codec: Promise<Codec> | null = null

self.onmessage = async ({ data }) => {
  if (data.kind === 'codec') {
    const factory = self.ritiroCodecFactory
    if (factory) codec = startCodec(data.name, factory, data.wasm)
    // Whoever asks for a frame hears of it.
    codec?.catch(() => {})
    return
  }
  const { id, bytes, transferSyntaxUid, pixel } = data
  try {
    const frame = await decodeFrame(bytes, transferSyntaxUid, pixel, await codec)
    self.postMessage({ id, frame }, [frame.cells.buffer as ArrayBuffer])
  } catch (error) {
    const reason = error instanceof FrameError ? error.reason : 'corrupt'
    self.postMessage({ id, reason, detail: messageOf(error) }, [])
  }
}

// Codecs throw numbers and strings too.
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
