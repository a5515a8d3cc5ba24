import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../scripts/orthanc.ts'

export type GatewayProcess = {
  url: string
  pid: number
  child: ChildProcess
  /** Everything it has written so far. */
  output: () => string
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  kill: (signal: NodeJS.Signals) => Promise<void>
  [Symbol.asyncDispose]: () => Promise<void>
}

/** Runs the built gateway, dist/main.js, as a process of its own with these settings and no others. */
export async function spawnGateway(environment: Record<string, string>): Promise<GatewayProcess> {
  const port = environment.PORT ?? String(await freePort())
  const child = spawn(process.execPath, ['--enable-source-maps', 'dist/main.js'], {
    env: {
      PATH: process.env.PATH ?? '',
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? '',
      ...environment,
      PORT: port,
      PORTAL_URL: environment.PORTAL_URL ?? `http://localhost:${port}`,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const collect = (chunk: Buffer) => {
    output += chunk.toString('utf8')
  }
  child.stdout.on('data', collect)
  child.stderr.on('data', collect)
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((done) => {
    child.once('close', (code, signal) => done({ code, signal }))
  })
  const kill = async (signal: NodeJS.Signals) => {
    child.kill(signal)
    await ended
  }
  return {
    url: `http://localhost:${port}`,
    pid: child.pid ?? 0,
    child,
    output: () => output,
    ended,
    kill,
    [Symbol.asyncDispose]: () => kill('SIGKILL'),
  }
}

/** Waits until the process serves; fails with its last words where it ended instead. */
export async function listening(gateway: GatewayProcess, timeoutMs = 30_000): Promise<void> {
  const deadline = Date.now() + timeoutMs
  while (!gateway.output().includes('gateway.listening')) {
    if (gateway.child.exitCode !== null || Date.now() > deadline)
      throw new Error(`the gateway did not start: ${gateway.output()}`)
    await sleep(30)
  }
}
