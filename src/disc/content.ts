import type { Profile } from './application-profile.ts'
import type { Allocate } from './buffers.ts'

/** A file of the disc besides the images: a page, a report, or what was made of the images and is kept elsewhere. */
export type ExtraFile = SmallFile | (FileName & DerivedContent)

/** One whose bytes are in hand. */
export type SmallFile = FileName & { readonly bytes: Uint8Array; readonly open?: never }

/** `/` between names; `isoPath` is ISO 9660 level 1. */
type FileName = { readonly path: string; readonly isoPath: string }

/** Bytes that are kept elsewhere: length and digests are known ahead, any part is opened when it is sent. */
export type DerivedContent = {
  readonly size: number
  /** Hexadecimal. */
  readonly sha256: string
  readonly crc32: number
  /**
   * The bytes `start` to `end` (exclusive), piece by piece. Must be what the digests say, or end in an error; `signal`
   * is aborted when nobody wants them any more. Each piece may be memory of `allocate`, by which it is used again.
   */
  readonly open: (start: number, end: number, how: OpenHow) => AsyncIterable<Uint8Array>
  readonly bytes?: never
}

type OpenHow = { readonly signal: AbortSignal; readonly allocate?: Allocate | undefined }

/** What the disc is about, besides its images. Days are `YYYY-MM-DD`. */
export type DiscContent = {
  readonly organisation: {
    readonly name: string
    /** Lines such as an address, a telephone number, an e-mail address. */
    readonly contacts: readonly string[]
    readonly portalUrl?: string
  }
  readonly patient: { readonly familyName: string; readonly givenName: string; readonly birthDate: string }
  readonly exams: readonly DiscExam[]
  /** The page among the extras that shows the images, if there is one. */
  readonly viewer?: string
}

export type DiscExam = {
  readonly description: string
  readonly date: string
  readonly report: DiscReport | null
}

export type DiscReport = {
  readonly kind: 'p7m' | 'pdf'
  /** As delivered, byte for byte (S18). */
  readonly document: Uint8Array
  /** The PDF inside a .p7m, if there is one. */
  readonly pdf: Uint8Array | null
  /** What our check of the signature says, in plain words (S19). */
  readonly signature?: string
  /** The facts behind it, a sentence each. */
  readonly signatureFacts?: readonly string[]
}

/** A file of a report: what to read, or what is signed; both where it is a signed PDF. */
export type ReportFile = { readonly file: SmallFile; readonly role: 'shown' | 'signed' | 'both' }

/** What there is to see: for the page, not for machines. */
export type ImagesSummary = {
  readonly instanceCount: number
  /** Files that are not on the disc because another one of their series has their SOP Instance UID. */
  readonly copies: number
  readonly profile: Profile
  readonly series: readonly {
    readonly number: string
    readonly modality: string
    readonly description: string
    readonly instanceCount: number
  }[]
}
