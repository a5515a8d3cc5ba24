import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CHROMIUM } from '../chromium.ts'

/**
 * A browser of which nothing is asked but to run scripts in a page. Playwright's keeps up to 200 MB of what a page loads,
 * for its inspector: that is no memory of the page.
 */
export type PlainChromium = {
  /** A page of its own, with that script before those of the page. */
  open: (url: string, before: string) => Promise<PlainPage>
  /** Of the largest process that shows a page, and of all processes of the browser; in bytes. */
  memory: () => Promise<{ page: number; browser: number }>
  close: () => Promise<void>
}

export type PlainPage = {
  /** What an expression, or a promise that it gives, comes to. */
  evaluate: <T>(expression: string) => Promise<T>
  /** The same, asked until it is true. */
  until: <T>(expression: string) => Promise<T>
  close: () => Promise<void>
}

export async function launchPlainChromium(flags: readonly string[]): Promise<PlainChromium> {
  const profile = await mkdtemp(join(tmpdir(), 'ritiro-bench-browser-'))
  const own = [`--user-data-dir=${profile}`, '--remote-debugging-port=0', '--window-size=1280,800']
  const browser = spawn(CHROMIUM, [...flags, ...own, 'about:blank'], {
    stdio: 'ignore',
    detached: true,
  })
  const { send, end } = await connect(await addressIn(profile))
  return {
    async open(url, before) {
      const { targetId } = await send('Target.createTarget', { url: 'about:blank' })
      const { sessionId } = await send('Target.attachToTarget', { targetId, flatten: true })
      await send('Page.enable', {}, sessionId)
      await send('Page.addScriptToEvaluateOnNewDocument', { source: before }, sessionId)
      await send('Page.navigate', { url }, sessionId)
      const evaluate = async (expression: string) => {
        const asked = { expression, awaitPromise: true, returnByValue: true }
        const { result, exceptionDetails } = await send('Runtime.evaluate', asked, sessionId)
        if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails))
        return result.value
      }
      return {
        evaluate,
        async until(expression) {
          for (const deadline = Date.now() + 60_000; Date.now() < deadline; await sleep(50)) {
            const value = await evaluate(expression)
            if (value) return value
          }
          throw new Error(`not in a minute: ${expression}`)
        },
        close: async () => void (await send('Target.closeTarget', { targetId })),
      }
    },
    async memory() {
      const { processInfo } = await send('SystemInfo.getProcessInfo')
      const processes: { type: string; id: number }[] = processInfo
      const sizes = await Promise.all(
        processes.map(async ({ type, id }) => ({ type, size: await pssOf(id) })),
      )
      const renderers = sizes.filter(({ type }) => type === 'renderer')
      return {
        page: Math.max(0, ...renderers.map(({ size }) => size)),
        browser: sizes.reduce((sum, { size }) => sum + size, 0),
      }
    },
    async close() {
      const over = new Promise((done) => browser.once('exit', done))
      await send('Browser.close').catch(() => undefined)
      end()
      await over
      await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
    },
  }
}

/** PSS: what a process holds for itself alone, and its part of what it shares with others. */
async function pssOf(pid: number): Promise<number> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '')
  return Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? 0) * 1024
}

/** Where the browser listens: it writes that once it does. */
async function addressIn(profile: string): Promise<string> {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; await sleep(50)) {
    const [port, path] = (await readFile(join(profile, 'DevToolsActivePort'), 'utf8').catch(() => '')).split(
      '\n',
    )
    if (port && path) return `ws://127.0.0.1:${port}${path}`
  }
  throw new Error('Chromium does not listen')
}

// The protocol's answers are read where they are asked for.
// biome-ignore lint/suspicious/noExplicitAny: their types would be the whole protocol
type Answer = any

async function connect(address: string) {
  const socket = new WebSocket(address)
  await new Promise((done, failed) => {
    socket.addEventListener('open', done, { once: true })
    socket.addEventListener('error', failed, { once: true })
  })
  const waiting = new Map<number, { done: (answer: Answer) => void; failed: (error: Error) => void }>()
  let asked = 0
  socket.addEventListener('message', ({ data }) => {
    const { id, result, error } = JSON.parse(String(data))
    const asker = waiting.get(id)
    waiting.delete(id)
    if (error) asker?.failed(new Error(error.message))
    else asker?.done(result)
  })
  return {
    send: (method: string, params: object = {}, sessionId?: string) =>
      new Promise<Answer>((done, failed) => {
        asked += 1
        waiting.set(asked, { done, failed })
        socket.send(JSON.stringify({ id: asked, method, params, sessionId }))
      }),
    end: () => socket.close(),
  }
}
