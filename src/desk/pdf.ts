// The browser's own PDF viewer draws with styles of its own inside the answer; script of the document still runs nowhere.
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; object-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** A PDF that opens in the browser, to be printed; stored nowhere. */
export function pdfPage(bytes: Uint8Array, name: string): Response {
  return new Response(new Uint8Array(bytes), {
    headers: {
      'content-type': 'application/pdf',
      'content-disposition': `inline; filename="${name}"`,
      'content-security-policy': POLICY,
      'cache-control': 'no-store',
    },
  })
}
