import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../scripts/orthanc.ts'
import type { Engine } from './engine.ts'

type Event = { method: string; params: Record<string, unknown> }
type Result = Record<string, unknown>

/** Debian's firefox-esr, by WebDriver BiDi (W3C) on a socket of its own. */
export async function startFirefox(): Promise<Engine> {
  const profile = await mkdtemp(join(tmpdir(), 'ritiro-firefox-'))
  // What automation turns off: then a page on file:// could read its neighbours, as no person's Firefox lets it.
  const preferences = {
    'security.fileuri.strict_origin_policy': true,
    'browser.shell.checkDefaultBrowser': false,
    'datareporting.policy.dataSubmissionEnabled': false,
    'browser.startup.page': 0,
  }
  await writeFile(
    join(profile, 'user.js'),
    Object.entries(preferences)
      .map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`)
      .join(''),
  )
  const port = await freePort()
  const child = spawn(
    'firefox-esr',
    [
      '--headless',
      '--no-remote',
      '--profile',
      profile,
      '--remote-debugging-port',
      String(port),
      'about:blank',
    ],
    { stdio: 'ignore', env: { ...process.env, HOME: profile, MOZ_CRASHREPORTER_DISABLE: '1' } },
  )
  const exited = new Promise((done) => child.once('exit', done))
  const { send, onEvent, close } = await connect(`ws://127.0.0.1:${port}/session`)
  await send('session.new', { capabilities: {} })
  await send('session.subscribe', { events: ['log.entryAdded', 'network.beforeRequestSent'] })

  return {
    name: 'firefox',
    async open(url, { width, height }) {
      const { context } = (await send('browsingContext.create', { type: 'tab' })) as { context: string }
      const complaints: string[] = []
      onEvent(({ method, params }) => {
        const complaint = complaintOf(method, params, context)
        if (complaint) complaints.push(complaint)
      })
      await send('browsingContext.setViewport', { context, viewport: { width, height } })
      await send('browsingContext.navigate', { context, url, wait: 'complete' })
      return {
        complaints,
        async evaluate(expression) {
          const answer = (await send('script.evaluate', {
            expression: `Promise.resolve(${expression}).then((value) => JSON.stringify(value ?? null))`,
            target: { context },
            awaitPromise: true,
          })) as { type: string; result?: { value: string }; exceptionDetails?: { text: string } }
          if (answer.type !== 'success') throw new Error(answer.exceptionDetails?.text)
          return JSON.parse(answer.result?.value ?? 'null')
        },
        async setFiles(selector, files) {
          const found = (await send('browsingContext.locateNodes', {
            context,
            locator: { type: 'css', value: selector },
          })) as { nodes: { sharedId: string }[] }
          const [element] = found.nodes
          await send('input.setFiles', { context, element: { sharedId: element?.sharedId }, files })
        },
        async screenshot() {
          const { data } = (await send('browsingContext.captureScreenshot', { context })) as { data: string }
          return Buffer.from(data, 'base64')
        },
      }
    },
    async close() {
      close()
      child.kill()
      await exited
      await rm(profile, { recursive: true, force: true })
    },
  }
}

function complaintOf(method: string, params: Record<string, unknown>, context: string): string | null {
  if (method === 'log.entryAdded') {
    const { level, text, source } = params as { level: string; text: string; source: { context?: string } }
    return level === 'error' && source.context === context ? `console: ${text}` : null
  }
  const { request, context: of } = params as { request?: { url: string }; context?: string }
  if (!request || of !== context || /^(file|blob|data|about):/.test(request.url)) return null
  return `request: ${request.url}`
}

async function connect(url: string) {
  const socket = await opened(url)
  const waiting = new Map<number, { done: (result: Result) => void; failed: (error: Error) => void }>()
  const listeners: ((event: Event) => void)[] = []
  let last = 0
  socket.addEventListener('message', ({ data }) => {
    const message = JSON.parse(String(data))
    if (message.type === 'event') for (const listener of listeners) listener(message)
    const asked = waiting.get(message.id)
    waiting.delete(message.id)
    if (message.type === 'error') asked?.failed(new Error(`${message.error}: ${message.message}`))
    else asked?.done(message.result)
  })
  return {
    send: (method: string, params: Result) =>
      new Promise<Result>((done, failed) => {
        const id = ++last
        waiting.set(id, { done, failed })
        socket.send(JSON.stringify({ id, method, params }))
      }),
    onEvent: (listener: (event: Event) => void) => void listeners.push(listener),
    close: () => socket.close(),
  }
}

/** Firefox takes some seconds until it listens. */
async function opened(url: string): Promise<WebSocket> {
  const deadline = Date.now() + 60_000
  for (;;) {
    const socket = new WebSocket(url)
    const isOpen = await new Promise<boolean>((done) => {
      socket.addEventListener('open', () => done(true))
      socket.addEventListener('error', () => done(false))
    })
    if (isOpen) return socket
    if (Date.now() > deadline) throw new Error('Firefox does not listen')
    await new Promise((done) => setTimeout(done, 200))
  }
}
