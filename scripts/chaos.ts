import { execFileSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { runChaos } from './chaos-run/chaos.ts'
import { runFullDisk } from './chaos-run/disk.ts'

const USAGE = `usage: npm run chaos -- [options]
  --kills N      how often a process is ended by kill -9 (default 200)
  --seed N       the schedule of a former run (default: a new one, which is printed)`

/** Kills the real parts while people use them, and tells what did not hold: exit code 1 if anything did not. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      kills: { type: 'string', default: '200' },
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
  const { wrong, ...facts } = await runChaos({
    seed: values.seed,
    kills: Number(values.kills),
    say: (line) => console.log(line),
  })
  console.log(JSON.stringify(facts, null, 2))
  const { wrong: onFullDisk, ...disk } = await runFullDisk()
  console.log(`full disk: ${JSON.stringify(disk, null, 2)}`)
  wrong.push(...onFullDisk.map((what) => `full disk: ${what}`))
  for (const what of wrong) console.log(`DOES NOT HOLD: ${what}`)
  return wrong.length > 0 ? 1 : 0
}

process.exitCode = await main()
