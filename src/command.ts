import { readDatabaseSettings } from './config.ts'
import { type OpenDatabase, openDatabase } from './database/database.ts'
import { errorCode, logToStderr } from './log.ts'

/**
 * Runs a command of the administrator's on the gateway's database, beside a gateway that may be running, and closes it.
 * Sets the exit code: what `act` returns, or 1 with a message where something failed.
 */
export async function runOnDatabase(act: (db: OpenDatabase['db']) => Promise<number>): Promise<void> {
  try {
    const { db, close } = await openDatabase({
      ...readDatabaseSettings(process.env),
      log: logToStderr,
      exclusive: false,
    })
    try {
      process.exitCode = await act(db)
    } finally {
      await close()
    }
  } catch (error) {
    console.error(error instanceof Error ? error.message : errorCode(error))
    process.exitCode = 1
  }
}

/** Tells how the command is used, with the exit code of a wrong use. */
export function refuseUse(usage: string): void {
  console.error(usage)
  process.exitCode = 2
}
