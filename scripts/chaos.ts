import { runChaos } from './chaos-run/chaos.ts'
import { runFullDisk } from './chaos-run/disk.ts'
import { seededRun } from './seeded-run.ts'

const USAGE = `usage: npm run chaos -- [options]
  --kills N      how often a process is ended by kill -9 (default 200)
  --seed N       the schedule of a former run (default: a new one, which is printed)`

/** Kills the real parts while people use them, then fills the disk, and tells what did not hold. */
await seededRun(USAGE, 'kills', 200, async ({ seed, count, say }) => {
  const killed = await runChaos({ seed, kills: count, say })
  const { wrong, ...fullDisk } = await runFullDisk()
  return { ...killed, fullDisk, wrong: [...killed.wrong, ...wrong.map((what) => `full disk: ${what}`)] }
})
