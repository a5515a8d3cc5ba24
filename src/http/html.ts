import type { HtmlEscapedString } from 'hono/utils/html'

/** A whole page as a response. Pages may show personal data, so none is ever stored by a browser or proxy (S44). */
export async function html(
  page: HtmlEscapedString | Promise<HtmlEscapedString>,
  status = 200,
): Promise<Response> {
  const headers = { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }
  return new Response(`<!doctype html>${await page}`, { status, headers })
}
