import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../scripts/orthanc.ts'
import type { Engine } from './engine.ts'

const MINI_BROWSER = '/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser'

/** Whether Debian's WebKitGTK, Safari's engine, is here. */
export const hasWebKit = (): boolean => existsSync(MINI_BROWSER)

/** WebKitGTK's MiniBrowser, by WebDriver (W3C), on a screen in memory. */
export async function startWebKit(): Promise<Engine> {
  const port = await freePort()
  const { screen, env } = await startScreen()
  const driver = spawn('WebKitWebDriver', [`--port=${port}`], { stdio: 'ignore', env })
  const ended = Promise.all([screen, driver].map((child) => new Promise((done) => child.once('exit', done))))
  const base = `http://127.0.0.1:${port}`
  const session = await startSession(base)
  const at = `${base}/session/${session}`

  return {
    name: 'webkit',
    async open(url, { width, height }) {
      await post(`${at}/window/rect`, { x: 0, y: 0, width, height })
      // The window has bars of its own: it is the page that shall have that size.
      const sizes = (await post(`${at}/execute/sync`, {
        script: 'return [innerWidth, innerHeight]',
        args: [],
      })) as [number, number]
      const outer = { width: 2 * width - sizes[0], height: 2 * height - sizes[1] }
      await post(`${at}/window/rect`, { x: 0, y: 0, ...outer })
      await post(`${at}/url`, { url })
      // WebDriver tells of no console and no requests: see consoleOfWebKit().
      const complaints: string[] = []
      return {
        complaints,
        async evaluate(expression) {
          const script = `const [done] = arguments; Promise.resolve(${expression}).then((value) => done(JSON.stringify({ value: value ?? null })), (error) => done(JSON.stringify({ error: String(error) })))`
          const answer = JSON.parse(String(await post(`${at}/execute/async`, { script, args: [] })))
          if (answer.error !== undefined) throw new Error(answer.error)
          return answer.value
        },
        async setFiles(selector, paths) {
          const found = await post(`${at}/element`, { using: 'css selector', value: selector })
          const [id] = Object.values(found as Record<string, string>)
          await post(`${at}/element/${id}/value`, { text: paths.join('\n') })
        },
        async screenshot() {
          const response = await fetch(`${at}/screenshot`)
          const { value } = (await response.json()) as { value: string }
          return Buffer.from(value, 'base64')
        },
      }
    },
    async close() {
      await fetch(at, { method: 'DELETE' }).catch(() => undefined)
      driver.kill()
      screen.kill()
      await ended
    },
  }
}

/** What WebKit's console says of a page that nobody drives, line by line, up to the line that ends with `until`. */
export async function consoleOfWebKit(url: string, until: string): Promise<string[]> {
  const { screen, env } = await startScreen()
  // Under automation MiniBrowser does not heed this setting.
  const browser = spawn(MINI_BROWSER, ['--enable-write-console-messages-to-stdout=TRUE', url], {
    // In spite of its name it writes them to the other.
    stdio: ['ignore', 'ignore', 'pipe'],
    env,
  })
  const ended = Promise.all([screen, browser].map((child) => new Promise((done) => child.once('exit', done))))
  const lines: string[] = []
  try {
    const giveUp = AbortSignal.timeout(60_000)
    for await (const line of createInterface({ input: browser.stderr, signal: giveUp })) {
      if (line.endsWith(until)) return lines
      // The browser itself warns of what its machine lacks.
      if (line.includes(': CONSOLE ')) lines.push(line)
    }
    throw new Error(`${url}: never said ${until}; ${lines.join('; ')}`)
  } finally {
    browser.kill()
    screen.kill()
    await ended
  }
}

async function startScreen() {
  // -displayfd lets Xvfb choose a free display and say which.
  const screen = spawn('Xvfb', ['-displayfd', '1', '-screen', '0', '1600x1200x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const display = await new Promise<string>((done) =>
    screen.stdout.once('data', (data) => done(String(data).trim())),
  )
  // As root, WebKit's sandbox and its compositing on a GPU have nothing to stand on.
  const env = {
    ...process.env,
    DISPLAY: `:${display}`,
    WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1',
    WEBKIT_DISABLE_COMPOSITING_MODE: '1',
    LIBGL_ALWAYS_SOFTWARE: '1',
  }
  return { screen, env }
}

async function startSession(base: string): Promise<string> {
  const capabilities = {
    alwaysMatch: {
      browserName: 'MiniBrowser',
      'webkitgtk:browserOptions': { binary: MINI_BROWSER, args: ['--automation'] },
    },
  }
  const deadline = Date.now() + 60_000
  for (;;) {
    const started = await post(`${base}/session`, { capabilities }).catch(() => null)
    if (started) return (started as { sessionId: string }).sessionId
    if (Date.now() > deadline) throw new Error('WebKitWebDriver does not answer')
    await sleep(200)
  }
}

async function post(url: string, body: unknown): Promise<unknown> {
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(body) })
  const { value } = (await response.json()) as { value: unknown }
  if (!response.ok) throw new Error(JSON.stringify(value))
  return value
}
