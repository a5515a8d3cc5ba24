import loadCharls from '@cornerstonejs/codec-charls/wasmjs'
import loadTurbo from '@cornerstonejs/codec-libjpeg-turbo-8bit/wasmjs'
import loadOpenJpeg from '@cornerstonejs/codec-openjpeg/wasmjs'
import loadOpenJph from '@cornerstonejs/codec-openjph/wasmjs'
import type { Codable } from './codable.ts'
import type { Drawn } from './draw.ts'
import { PixelError } from './errors.ts'

/** What a codec made of a frame: samples of one or two bytes, little endian. */
export type Decoded = {
  readonly rows: number
  readonly columns: number
  readonly components: number
  readonly precision: number
  /** All samples of a component before those of the next. */
  readonly byPlane: boolean
  readonly bytes: Uint8Array
}

type Loaded<Module> = { module: Module; complaints: string[] }

/** One instance of a WebAssembly module, made when first needed, and again after it failed: its memory may be spoilt. */
function once<Module>(load: (options: WasmOptions) => Promise<Module>) {
  let loaded: Promise<Loaded<Module>> | null = null
  return async <T>(use: (module: Module) => T): Promise<T> => {
    loaded ??= (async () => {
      const complaints: string[] = []
      const note = (line: string) => void complaints.push(line)
      return { module: await load({ print: note, printErr: note }), complaints }
    })()
    const { module, complaints } = await loaded
    complaints.length = 0
    try {
      const result = use(module)
      // Some only print that data are missing or wrong, and go on with grey.
      if (complaints.some((line) => /error|warn|corrupt|premature|truncat/i.test(line)))
        throw new PixelError('corrupt', 'the codec complains')
      return result
    } catch (error) {
      loaded = null
      // What comes out of C++ is a number.
      throw error instanceof PixelError ? error : new PixelError('corrupt', 'the codec refuses it')
    }
  }
}

const charls = once(loadCharls)
const turbo = once(loadTurbo)
const openJpeg = once(loadOpenJpeg)
const openJph = once(loadOpenJph)

/** JPEG baseline, or sequential of 8 bits; three components come out as RGB. */
export const decodeJpeg8 = (frame: Uint8Array): Promise<Decoded> =>
  turbo(({ JPEGDecoder }) => decodeBy(new JPEGDecoder(), frame, () => false))

/** A baseline JPEG; PixelError where it would take more bytes than the samples: this build makes no more room than that. */
export const encodeJpegOnce = (
  { width, height, components, bytes }: Drawn,
  quality: number,
): Promise<Uint8Array> =>
  turbo(({ JPEGEncoder }) => {
    const encoder = new JPEGEncoder()
    try {
      const info = { width, height, bitsPerSample: 8, componentCount: components, isSigned: false }
      encoder.getDecodedBuffer(info).set(bytes)
      encoder.setProgressive(false)
      encoder.setQuality(quality)
      encoder.encode()
      return new Uint8Array(encoder.getEncodedBuffer())
    } finally {
      encoder.delete()
    }
  })

export const decodeJpeg2000 = (frame: Uint8Array): Promise<Decoded> =>
  openJpeg(({ J2KDecoder }) => decodeBy(new J2KDecoder(), frame, () => false))

export const decodeHtj2k = (frame: Uint8Array): Promise<Decoded> =>
  openJph(({ HTJ2KDecoder }) => decodeBy(new HTJ2KDecoder(), frame, () => false))

/** Interleave mode 0 of CharLS is by plane. */
export const decodeJpegLsFrame = (frame: Uint8Array): Promise<Decoded> =>
  charls(({ JpegLSDecoder }) => {
    const decoder = new JpegLSDecoder()
    return decodeBy(decoder, frame, (components) => components > 1 && decoder.getInterleaveMode() === 0)
  })

/** Lossless JPEG-LS of samples colour-by-pixel. */
export const encodeJpegLsFrame = ({
  rows,
  columns,
  components,
  precision,
  samples,
}: Codable): Promise<Uint8Array> =>
  charls(({ JpegLSEncoder }) => {
    const encoder = new JpegLSEncoder()
    try {
      const info = { width: columns, height: rows, bitsPerSample: precision, componentCount: components }
      const { buffer, byteOffset, byteLength } = samples
      encoder.getDecodedBuffer(info).set(new Uint8Array(buffer, byteOffset, byteLength))
      encoder.setNearLossless(0)
      // By line: what most readers expect of colour.
      encoder.setInterleaveMode(components > 1 ? 1 : 0)
      encoder.encode()
      return new Uint8Array(encoder.getEncodedBuffer())
    } finally {
      encoder.delete()
    }
  })

function decodeBy(
  decoder: WasmDecoder,
  frame: Uint8Array,
  isByPlane: (components: number) => boolean,
): Decoded {
  try {
    decoder.getEncodedBuffer(frame.byteLength).set(frame)
    decoder.decode()
    const { width, height, bitsPerSample, componentCount } = decoder.getFrameInfo()
    const bytes = new Uint8Array(decoder.getDecodedBuffer())
    const expected = width * height * componentCount * (bitsPerSample > 8 ? 2 : 1)
    if (bytes.byteLength === 0 || bytes.byteLength !== expected)
      throw new PixelError('corrupt', 'the codec gives no pixels')
    return {
      ...{ rows: height, columns: width, components: componentCount, precision: bitsPerSample },
      ...{ byPlane: isByPlane(componentCount), bytes },
    }
  } finally {
    decoder.delete()
  }
}
