/** A file of the disc besides the images: a page, a report. */
export type ExtraFile = { readonly path: string; readonly isoPath: string; readonly bytes: Uint8Array }

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
}

/** A file of a report: what to read, or what is signed; both where it is a signed PDF. */
export type ReportFile = { readonly file: ExtraFile; readonly role: 'shown' | 'signed' | 'both' }

/** What there is to see: for the page, not for machines. */
export type ImagesSummary = {
  readonly instanceCount: number
  readonly profile: string | null
  readonly series: readonly {
    readonly number: string
    readonly modality: string
    readonly description: string
    readonly instanceCount: number
  }[]
}
