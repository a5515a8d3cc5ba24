import { readDatabaseSettings } from './config.ts'
import { openDatabase } from './database/database.ts'
import { errorCode, logToStderr } from './log.ts'
import { createApiKey, revokeApiKeys } from './ris/keys.ts'

const USAGE = 'usage: npm run api-key -- create NAME | revoke NAME'

/** Makes or revokes a RIS's API key: `npm run api-key -- create ris`. The key is printed once. */
async function main([command, name]: string[]): Promise<number> {
  if ((command !== 'create' && command !== 'revoke') || !name) {
    console.error(USAGE)
    return 2
  }
  const { db, close } = await openDatabase({
    ...readDatabaseSettings(process.env),
    log: logToStderr,
    exclusive: false,
  })
  try {
    if (command === 'create') console.log(await createApiKey(db, name, new Date()))
    else console.log(`${await revokeApiKeys(db, name, new Date())} revoked`)
    return 0
  } finally {
    await close()
  }
}

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : errorCode(error))
  return 1
})
