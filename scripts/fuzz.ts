import { runFuzz } from './fuzz-run/fuzz.ts'
import { seededRun } from './seeded-run.ts'

const USAGE = `usage: npm run fuzz -- [options]
  --cases N   how many hostile files, documents and texts (default 2100)
  --seed N    the cases of a former run (default: new ones, whose seed is printed)`

/** Feeds hostile input to the real portal, and tells what did not hold. */
await seededRun(USAGE, 'cases', 2100, ({ seed, count, say }) => runFuzz({ seed, cases: count, say }))
