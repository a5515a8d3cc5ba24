import type { Attributes } from './attributes.ts'
import type { Coding, FrameSize } from './coding.ts'
import type { FrameFailure } from './pixels.ts'

/**
 * What the index of a study tells (docs/viewer.md): every instance with its attributes, and where each frame lies. A
 * frame is one string of a data file, or several in a row where it is long; strings are numbered through all `files`.
 */
export type StudyIndex = {
  readonly files: readonly DataFile[]
  /** Attributes that the instances of a series have in common. */
  readonly common: readonly Attributes[]
  /** Series by series, in the order of the disc. */
  readonly instances: readonly IndexedInstance[]
  /** Instances of the archive that are no DICOM. */
  readonly unreadable: number
}

export type DataFile = {
  readonly name: string
  /** Bytes of each string as it stands in the file. */
  readonly lengths: readonly number[]
}

export type IndexedInstance = {
  readonly common: number
  readonly transferSyntaxUid: string
  /** Those of its own; the common ones are to be added. */
  readonly attributes: Attributes
  /** None where there are no pixels to show. */
  readonly pixels?: IndexedPixels
  /** A small copy of one of its frames, coded alike. */
  readonly preview?: FrameSize & {
    readonly string: number
    readonly coding: Coding
    readonly photometric: string
    readonly frame: number
  }
  /** An encapsulated PDF: its bytes lie in that many strings, from the first on. */
  readonly document?: { readonly first: number; readonly strings: number; readonly length: number }
}

export type IndexedPixels = {
  readonly coding: Coding
  /** As decoded: what an encoder changed is as it was. */
  readonly photometric: string
  /** The string with which the first frame begins. */
  readonly first: number
  readonly frames: number
  /** How many strings each frame has, where not each has one; 0 for one that cannot be shown. */
  readonly strings?: readonly number[]
  /** Frames that cannot be shown, by index. */
  readonly failed?: Readonly<Record<string, FrameFailure>>
}

/** Of scripts, index and codings together: a viewer reads its own alone, and what a lower one made is made anew. */
export const DATA_VERSION = 4

/** Name of the index among the data files. */
export const INDEX_NAME = 'INDEX'

/** What the viewer is told besides a study's own data: where the studies are, and the report beside them. */
export type ExamData = {
  readonly organisation: string
  /** Folders of the studies' data files, relative to the data file that says this, each with its slash. */
  readonly studies: readonly string[]
  readonly reports: readonly ExamReport[]
  /** Online: the other viewer, and the way back. */
  readonly otherViewer: string | null
  readonly back: string | null
}

export type ExamReport = {
  readonly title: string
  /** YYYYMMDD, or empty. */
  readonly date: string
  /** Addresses, relative to the page. */
  readonly pdf: string | null
  /** Online: what an iframe shows in its place, a page that draws the document; phones show no PDF in a page. */
  readonly frame?: string
  readonly signed: { readonly url: string; readonly name: string } | null
  /** Who signed and whether the document is unaltered, in plain words; and what was checked, a sentence each. */
  readonly signature: { readonly summary: string; readonly facts: readonly string[] } | null
  readonly text: string
}

/** Name of the file that holds an ExamData. */
export const EXAM_NAME = 'EXAM'
