// The codecs of cornerstone ship no types; this is all of them that we use.
type FrameInfo = {
  width: number
  height: number
  bitsPerSample: number
  componentCount: number
  isSigned?: boolean
  isUsingColorTransform?: boolean
}
/** Views of the module's own memory: to be copied before the next call. */
interface WasmDecoder {
  getEncodedBuffer(length: number): Uint8Array
  getDecodedBuffer(): Uint8ClampedArray
  decode(): void
  getFrameInfo(): FrameInfo
  delete(): void
}
type WasmOptions = { print?: (line: string) => void; printErr?: (line: string) => void }

declare module '@cornerstonejs/codec-charls/wasmjs' {
  interface JpegLsDecoder extends WasmDecoder {
    getInterleaveMode(): number
  }
  interface JpegLsEncoder {
    getDecodedBuffer(info: FrameInfo): Uint8Array
    getEncodedBuffer(): Uint8ClampedArray
    setNearLossless(near: number): void
    setInterleaveMode(mode: number): void
    encode(): void
    delete(): void
  }
  type Charls = {
    JpegLSDecoder: new () => JpegLsDecoder
    JpegLSEncoder: new () => JpegLsEncoder
  }
  export default function load(options?: WasmOptions): Promise<Charls>
}
declare module '@cornerstonejs/codec-openjpeg/wasmjs' {
  export default function load(options?: WasmOptions): Promise<{ J2KDecoder: new () => WasmDecoder }>
}
declare module '@cornerstonejs/codec-openjph/wasmjs' {
  interface HtJ2kEncoder {
    getDecodedBuffer(info: FrameInfo): Uint8Array
    getEncodedBuffer(): Uint8ClampedArray
    setQuality(reversible: boolean, step: number): void
    encode(): void
    delete(): void
  }
  export default function load(
    options?: WasmOptions,
  ): Promise<{ HTJ2KDecoder: new () => WasmDecoder; HTJ2KEncoder: new () => HtJ2kEncoder }>
}
declare module '@cornerstonejs/codec-libjpeg-turbo-8bit/wasmjs' {
  interface JpegEncoder {
    getDecodedBuffer(info: FrameInfo): Uint8Array
    getEncodedBuffer(): Uint8ClampedArray
    setProgressive(progressive: boolean): void
    setQuality(quality: number): void
    encode(): void
    delete(): void
  }
  export default function load(
    options?: WasmOptions,
  ): Promise<{ JPEGDecoder: new () => WasmDecoder; JPEGEncoder: new () => JpegEncoder }>
}
