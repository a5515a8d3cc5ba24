/** A browser as a test drives it, whichever it is. */
export type Engine = {
  readonly name: string
  /** Opens an address in a window of that size; console errors and requests that leave file:// become complaints. */
  open: (url: string, size: { width: number; height: number }) => Promise<EnginePage>
  close: () => Promise<void>
}

export type EnginePage = {
  /** The value of an expression in the page, once its promise is settled; plain data. */
  evaluate: (expression: string) => Promise<unknown>
  /** Files chosen in an input; Chromium and WebKit take a folder too. */
  setFiles: (selector: string, paths: readonly string[]) => Promise<void>
  /** PNG of what the window shows. */
  screenshot: () => Promise<Uint8Array>
  readonly complaints: readonly string[]
}

/** The value as soon as it is true; what it was last is in the error. */
export async function waitFor(page: EnginePage, expression: string, timeoutMs = 60_000): Promise<unknown> {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    const value = await page.evaluate(expression)
    if (value) return value
    if (Date.now() > deadline) throw new Error(`never true: ${expression}; ${page.complaints.join('; ')}`)
    await new Promise((done) => setTimeout(done, 100))
  }
}
