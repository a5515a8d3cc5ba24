import { ConfigError, readConfig } from './config.ts'
import { ClusterInUseError, DatabaseUnreachableError } from './database/database.ts'
import { type Gateway, ListenError, startGateway } from './gateway.ts'
import { errorCode, framesOf, logToStderr } from './log.ts'
import { UnsafeArchiveError } from './orthanc/safety.ts'

// What whoever starts the gateway can mend: told in words, without a stack.
const TOLD = [ConfigError, UnsafeArchiveError, ClusterInUseError, DatabaseUnreachableError, ListenError]

// A failure nobody foresaw ends the process, and whoever runs it starts it anew. Node would print its message, which may
// quote a person's data: only where it happened is told.
process.on('uncaughtException', (error: unknown) => {
  logToStderr('error', 'gateway.crashed', { code: errorCode(error), stack: framesOf(error) })
  process.exit(1)
})

try {
  const config = readConfig(process.env)
  const starting = startGateway(config, { clock: () => new Date(), log: logToStderr })
  // Listened to from the beginning: a stop during the start still ends, in order, what was begun.
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => void stop(starting))
  const { archiveRefused, stop: stopGateway } = await starting
  const refusal = await archiveRefused
  if (refusal) {
    await stopGateway()
    throw refusal
  }
} catch (error) {
  const told = TOLD.some((kind) => error instanceof kind)
  process.stderr.write(`${error instanceof Error ? (told ? error.message : error.stack) : String(error)}\n`)
  process.exit(1)
}

async function stop(starting: Promise<Gateway>): Promise<void> {
  const gateway = await starting.catch(() => null)
  // Why it did not start is told above.
  if (!gateway) return
  await gateway.stop()
  process.exit(0)
}
