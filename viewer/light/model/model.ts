import type { StructuredReport } from '../../../src/pacs/content-tree.ts'
import type { Attributes } from '../../../src/shards/attributes.ts'

/** Everything the viewer shows, wherever it came from: files in a folder, shards on a disc, shards online. */
export interface Opened {
  readonly studies: readonly Study[]
  readonly frames: FrameSource
}

export interface Patient {
  readonly name: string
  readonly id: string
  /** DICOM dates, YYYYMMDD or empty. */
  readonly birthDate: string
  readonly sex: string
}

export interface Study {
  readonly uid: string
  readonly patient: Patient
  readonly date: string
  readonly time: string
  readonly description: string
  readonly accessionNumber: string
  readonly institution: string
  readonly series: readonly Series[]
  readonly reports: readonly Report[]
}

/** A report beside the images. */
export interface Report {
  readonly title: string
  readonly date: string
  /** An address to open, which an iframe shows too unless it has one for that; or bytes, of which the viewer makes one. */
  readonly pdf: { readonly url: string; readonly frame?: string } | { bytes(): Promise<Uint8Array> } | null
  /** The signed file as delivered, where there is one to open or keep. */
  readonly signed: { readonly url: string; readonly name: string } | null
  /** Who signed and whether it is unaltered, and what was checked, in plain words already; null where nothing is known. */
  readonly signature: { readonly summary: string; readonly facts: readonly string[] } | null
  /** The words of the report, or empty. */
  readonly text: string
}

export interface Series {
  readonly uid: string
  readonly number: number | null
  readonly modality: string
  readonly description: string
  readonly bodyPart: string
  readonly laterality: string
  /** In the order of the stack: along the normal where planes are parallel, else by Instance Number. */
  readonly images: readonly Image[]
  /** What is no picture and can be read all the same. */
  readonly sheets: readonly Sheet[]
  /** What belongs here and cannot be shown, each with its reason. */
  readonly unshown: readonly Unshown[]
}

/** A structured report as text, or waveforms on paper with a grid. */
export type Sheet = TextSheet | WaveformSheet

interface SheetFacts {
  readonly key: string
  readonly title: string
  /** DICOM date and time, or empty. */
  readonly date: string
  readonly time: string
}

export interface TextSheet extends SheetFacts {
  readonly kind: 'text'
  /** Numbers are written as the language does, hence only when shown. */
  report(decimal: ',' | '.'): StructuredReport
}

export interface WaveformSheet extends SheetFacts {
  readonly kind: 'waveform'
  readonly groups: readonly WaveformGroup[]
  /** What the apparatus measured and noted. */
  readonly notes: readonly string[]
}

/** Channels recorded together (PS3.3 §C.10.9.1.1). */
export interface WaveformGroup {
  readonly label: string
  /** Samples a second. */
  readonly frequency: number
  readonly channels: readonly WaveformChannel[]
}

export interface WaveformChannel {
  readonly label: string
  /** UCUM, millivolts for what came as micro- or millivolts or volts. */
  readonly unit: string
  /** NaN where nothing was recorded. */
  readonly values: Float32Array
  /** Hz; null where not told. */
  readonly filters: {
    readonly low: number | null
    readonly high: number | null
    readonly notch: number | null
  }
}

/** What cannot be shown: a tile with the reason, never a wrong picture (issue 5, "honest"). */
export interface Unshown {
  readonly key: string
  readonly sopClassUid: string
  readonly title: string
  readonly reason: UnshownReason
  /** For the curious: tag, position, or the decoder's words. */
  readonly detail: string
}

export type UnshownReason =
  | 'not-an-image'
  | 'not-dicom'
  | 'syntax'
  | 'pixels-missing'
  | 'pixels-short'
  | 'corrupt'
  | 'unsupported'
  | 'too-large'
  | 'unreachable'

/** A frame that cannot be shown; FrameSource rejects with it. */
export class FrameError extends Error {
  override readonly name = 'FrameError'
  readonly reason: UnshownReason

  constructor(reason: UnshownReason, detail = '') {
    super(detail)
    this.reason = reason
  }
}

/** One SOP Instance with pixels. */
export interface Image {
  readonly key: string
  readonly transferSyntaxUid: string
  readonly sopInstanceUid: string
  readonly sopClassUid: string
  readonly modality: string
  readonly instanceNumber: number | null
  readonly frameCount: number
  readonly pixel: PixelModule
  /** The whole record, for what is read rarely (functional groups, overlays, shutters, LUTs). */
  readonly attributes: Attributes
  /** Milliseconds a frame, or null where the file names no rate. */
  readonly frameTimeMs: number | null
  /** Height by width of one pixel, where not square (Pixel Aspect Ratio). */
  readonly acquired: { readonly date: string; readonly time: string }
  /** The greyscale softcopy presentation states that name this image (PS3.3 §A.33.1). */
  readonly presentation: readonly Attributes[]
  /** Whether states of other kinds (colour, blending …) name it, which are not applied. */
  readonly hasOtherStates: boolean
}

/** PS3.3 §C.7.6.3, checked: a record that breaks its rules becomes Unshown. */
export interface PixelModule {
  readonly rows: number
  readonly columns: number
  readonly samplesPerPixel: number
  readonly photometric: string
  readonly bitsAllocated: number
  readonly bitsStored: number
  readonly highBit: number
  readonly signed: boolean
  /** 1 where the samples come colour by colour. Only of uncompressed pixels. */
  readonly planar: boolean
}

/**
 * One frame as it stands in Pixel Data once decompressed: cells of Bits Allocated, in the machine's byte order, unused
 * bits still in them (overlays may lie there). One-bit images are unpacked to a byte each.
 */
export interface Frame {
  readonly cells: Cells
  /** Samples colour by colour rather than pixel by pixel. */
  readonly planar: boolean
  /** After decompression: a codec may have turned YBR into RGB. */
  readonly photometric: string
}

export type Cells = Uint8Array | Uint16Array | Uint32Array | Float32Array | Float64Array

/** A small grey or colour picture made ahead, ready to draw, by the default window. */
export interface Preview {
  readonly columns: number
  readonly rows: number
  readonly rgba: Uint8ClampedArray<ArrayBuffer>
}

/** Where frames come from. Lower numbers of `priority` come first. */
export interface FrameSource {
  /** Rejects with FrameError where the frame cannot be shown, and with the signal's reason when aborted. */
  frame(image: Image, index: number, priority: number, signal: AbortSignal): Promise<FrameData>
  /**
   * Brings a frame so near that `frame()` gives it in a moment, and decodes it once to see that it can be shown; rejects
   * like `frame()`. Only of sources that keep what they bring.
   */
  check?(image: Image, index: number, priority: number, signal: AbortSignal): Promise<void>
  /** Takes the memory of a frame that nobody reads any more, for one of those to come. */
  reuse?(frame: Frame): void
  /** A quick low-cost picture of a series' image, where there is one. */
  preview(image: Image): Promise<Preview | null>
  /** Told whenever more has arrived, of all the bytes known; returns how to stop. */
  onProgress(listener: (progress: Progress) => void): () => void
}

export interface Progress {
  readonly loadedBytes: number
  readonly totalBytes: number
}

/** Either pixels, or bytes that the viewer's own decoders undo off the main thread. */
export type FrameData = Frame | Encoded

export interface Encoded {
  /** How `bytes` are coded. */
  readonly transferSyntaxUid: string
  readonly bytes: Uint8Array<ArrayBuffer>
}
