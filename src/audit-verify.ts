import { parseArgs } from 'node:util'
import { verifyTrail } from './audit/verify.ts'
import { refuseUse, runOnDatabase } from './command.ts'

/** Proves the audit trail whole or names the first row that is not: `npm run audit:verify -- --expect HASH`. */
const expected = readExpected(process.argv.slice(2))
if (!expected) {
  refuseUse('usage: npm run audit:verify -- [--expect HASH]…')
} else {
  await runOnDatabase(async (db) => {
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
  })
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
