import { parseArgs } from 'node:util'
import { verifyTrail } from './audit/verify.ts'
import { readDatabaseSettings } from './config.ts'
import { openDatabase } from './database/database.ts'
import { errorCode, logToStderr } from './log.ts'

const USAGE = 'usage: npm run audit:verify -- [--expect HASH]…'

/** Proves the audit trail whole or names the first row that is not: `npm run audit:verify -- --expect HASH`. */
async function main(args: string[]): Promise<number> {
  const expected = readExpected(args)
  if (!expected) {
    console.error(USAGE)
    return 2
  }
  const { db, close } = await openDatabase({
    ...readDatabaseSettings(process.env),
    log: logToStderr,
    exclusive: false,
  })
  try {
    const result = await verifyTrail(db, expected)
    if (!result.whole) {
      console.error(`BROKEN${result.seq === null ? '' : ` at row ${result.seq}`}: ${result.reason}.`)
      console.error(`Rows that stand before it: ${result.rows}.`)
      return 1
    }
    console.log(`WHOLE: ${result.rows} rows.`)
    if (result.head) {
      console.log(`Head: row ${result.head.seq}, hash ${result.head.hash}`)
      console.log('Keep the hash outside this machine, and give it next time as --expect HASH.')
    }
    return 0
  } finally {
    await close()
  }
}

function readExpected(args: string[]): string[] | null {
  try {
    const { values } = parseArgs({ args, options: { expect: { type: 'string', multiple: true } } })
    const hashes = (values.expect ?? []).map((hash) => hash.toLowerCase())
    return hashes.every((hash) => /^[0-9a-f]{64}$/.test(hash)) ? hashes : null
  } catch {
    return null
  }
}

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : errorCode(error))
  return 1
})
