// A gateway that is killed while it makes something: node derive-and-hang.ts DATABASE_URL DIRECTORY. One line on
// standard output once an entry is written; it ends by a signal alone.
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from '../../../src/database/database.ts'
import { openDerivedStore } from '../../../src/derived/store.ts'
import { deriveNext } from '../../../src/derived/worker.ts'

const [url = '', directory = ''] = process.argv.slice(2)
const { db } = connect(url)
const store = await openDerivedStore(db, directory)
const hanging = {
  kind: 'sizes',
  version: 1,
  made: 'always' as const,
  async derive({ write }: { write: (name: string, bytes: Uint8Array) => Promise<unknown> }) {
    await write('first', new Uint8Array(1_000_000))
    process.stdout.write('written\n')
    for (;;) await sleep(1_000)
  },
}
await deriveNext({ db, store, derivers: [hanging], clock: () => new Date() }, new AbortController().signal)
