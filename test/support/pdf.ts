import { execFileSync } from 'node:child_process'

/** The words of a PDF, as poppler reads them. */
export function pdfText(bytes: Uint8Array): string {
  return execFileSync('pdftotext', ['-layout', '-', '-'], { encoding: 'utf8', input: bytes })
}
