import { ConfigError, readConfig } from './config.ts'
import { ClusterInUseError, DatabaseUnreachableError } from './database/database.ts'
import { ListenError, startGateway } from './gateway.ts'
import { logToStderr } from './log.ts'
import { UnsafeArchiveError } from './orthanc/safety.ts'

// What whoever starts the gateway can mend: told in words, without a stack.
const TOLD = [ConfigError, UnsafeArchiveError, ClusterInUseError, DatabaseUnreachableError, ListenError]

try {
  const gateway = await startGateway(readConfig(process.env), { clock: () => new Date(), log: logToStderr })
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => void gateway.stop().then(() => process.exit(0)))
  }
} catch (error) {
  const told = TOLD.some((kind) => error instanceof kind)
  process.stderr.write(`${error instanceof Error ? (told ? error.message : error.stack) : String(error)}\n`)
  process.exit(1)
}
