import { execFileSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'

type Outcome = { wrong: string[] } & Record<string, unknown>
type Run = (given: { seed: string; count: number; say: (line: string) => void }) => Promise<Outcome>

/**
 * The frame of `npm run chaos` and `npm run fuzz`: reads `--NAME N` and `--seed N`, builds the gateway, runs, and tells
 * what did not hold. Exit code 1 if anything did not.
 */
export async function seededRun(usage: string, name: string, count: number, run: Run): Promise<void> {
  const { values } = parseArgs({
    options: {
      [name]: { type: 'string', default: String(count) },
      seed: { type: 'string', default: String(randomInt(1_000_000)) },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    console.log(usage)
    return
  }
  execFileSync(process.execPath, ['scripts/build.ts'], { stdio: 'inherit' })
  const seed = String(values.seed)
  console.log(`seed ${seed}`)
  const { wrong, ...facts } = await run({
    seed,
    count: Number(values[name]),
    say: (line) => console.log(line),
  })
  console.log(JSON.stringify(facts, null, 2))
  for (const what of wrong) console.log(`DOES NOT HOLD: ${what}`)
  process.exitCode = wrong.length > 0 ? 1 : 0
}
