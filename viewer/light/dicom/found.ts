/** A file with its path inside what was opened or dropped. */
export interface Found {
  readonly path: string
  readonly file: File
}
