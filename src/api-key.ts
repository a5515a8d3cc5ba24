import { refuseUse, runOnDatabase } from './command.ts'
import { createApiKey, revokeApiKeys } from './ris/keys.ts'

/** Makes or revokes a RIS's API key: `npm run api-key -- create ris`. The key is printed once. */
const [command, name] = process.argv.slice(2)
if ((command !== 'create' && command !== 'revoke') || !name) {
  refuseUse('usage: npm run api-key -- create NAME | revoke NAME')
} else {
  await runOnDatabase(async (db) => {
    if (command === 'create') console.log(await createApiKey(db, name, new Date()))
    else console.log(`${await revokeApiKeys(db, name, new Date())} revoked`)
    return 0
  })
}
