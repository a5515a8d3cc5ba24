import { execFileSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { runFuzz } from './fuzz-run/fuzz.ts'

const USAGE = `usage: npm run fuzz -- [options]
  --cases N   how many hostile files, documents and texts (default 2100)
  --seed N    the cases of a former run (default: new ones, whose seed is printed)`

/** Feeds hostile input to the real portal, and tells what did not hold: exit code 1 if anything did not. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      cases: { type: 'string', default: '2100' },
      seed: { type: 'string', default: String(randomInt(1_000_000)) },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    console.log(USAGE)
    return 0
  }
  execFileSync(process.execPath, ['scripts/build.ts'], { stdio: 'inherit' })
  console.log(`seed ${values.seed}`)
  const { wrong, ...facts } = await runFuzz({
    seed: values.seed,
    cases: Number(values.cases),
    say: (line) => console.log(line),
  })
  console.log(JSON.stringify(facts, null, 2))
  for (const what of wrong) console.log(`DOES NOT HOLD: ${what}`)
  return wrong.length > 0 ? 1 : 0
}

process.exitCode = await main()
