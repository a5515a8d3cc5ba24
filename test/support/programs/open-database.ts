// Opens the private cluster as a gateway does and holds it: node open-database.ts DATA_DIR. One line on standard output
// tells that it is open; each line on standard input is written as a row, and acknowledged once it is committed.
import { createInterface } from 'node:readline'
import { sql } from 'drizzle-orm'
import { openDatabase } from '../../../src/database/database.ts'
import { logToStderr } from '../../../src/log.ts'

const [dataDir = ''] = process.argv.slice(2)

try {
  const { db, close } = await openDatabase({ url: undefined, dataDir, log: logToStderr, exclusive: true })
  await db.execute(sql`create table if not exists kept (word text)`)
  process.stdout.write('open\n')
  process.on('SIGTERM', () => void close().then(() => process.exit(0)))
  for await (const word of createInterface({ input: process.stdin })) {
    await db.execute(sql`insert into kept (word) values (${word})`)
    process.stdout.write(`kept ${word}\n`)
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
}
