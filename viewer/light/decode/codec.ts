import type { CodecName } from './syntax.ts'

/** A codec at work. */
export type Codec = (bytes: Uint8Array) => {
  readonly width: number
  readonly height: number
  readonly components: number
  readonly samples: Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer>
  readonly planar: boolean
}

/** What the codecs' packages share (Emscripten's embind): a decoder with one buffer in and one out. */
interface Decoder {
  getEncodedBuffer(length: number): Uint8Array
  getDecodedBuffer(): Uint8Array
  decode(): void
  getFrameInfo(): { width: number; height: number; bitsPerSample: number; componentCount: number }
  getInterleaveMode?(): number
  delete(): void
}

export type CodecFactory = (options: {
  instantiateWasm(imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void): object
}) => Promise<Record<string, (new () => Decoder) | undefined>>

/**
 * Starts a codec from its factory and its bytes. The module is compiled synchronously: in WebKit's workers the
 * asynchronous way never ends under a content security policy.
 */
export async function startCodec(
  name: CodecName,
  factory: CodecFactory,
  wasm: Uint8Array<ArrayBuffer>,
): Promise<Codec> {
  const exports = await factory({
    instantiateWasm(imports, done) {
      const instance = new WebAssembly.Instance(new WebAssembly.Module(wasm), imports)
      done(instance)
      return instance.exports
    },
  })
  const Decoder = exports[DECODERS[name]]
  if (!Decoder) throw new Error(`${name} has no decoder`)
  return (bytes) => decodeWith(new Decoder(), bytes)
}

const DECODERS: Readonly<Record<CodecName, string>> = {
  charls: 'JpegLSDecoder',
  openjpeg: 'J2KDecoder',
  openjph: 'HTJ2KDecoder',
}

function decodeWith(decoder: Decoder, bytes: Uint8Array): ReturnType<Codec> {
  try {
    decoder.getEncodedBuffer(bytes.length).set(bytes)
    decoder.decode()
    const { width, height, bitsPerSample, componentCount } = decoder.getFrameInfo()
    // A copy: the codec's memory is used again.
    const decoded = decoder.getDecodedBuffer().slice()
    const count = width * height * componentCount
    const samples = bitsPerSample > 8 ? new Uint16Array(decoded.buffer, 0, decoded.length >> 1) : decoded
    if (count === 0 || samples.length < count) throw new RangeError('no pixels')
    const planar = decoder.getInterleaveMode?.() === 0 && componentCount > 1
    return { width, height, components: componentCount, samples, planar }
  } finally {
    decoder.delete()
  }
}
