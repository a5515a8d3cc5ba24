import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { runChaos } from '../../scripts/chaos-run/chaos.ts'

// The full run is `npm run chaos`: 200 kills and more.
test('kill -9 of gateway, database and archive while people use the portal: nothing told is lost, nothing is half-done, no mail is another mail (S9, S26, S39)', async () => {
  execFileSync(process.execPath, ['scripts/build.ts'], { stdio: 'inherit' })
  const said: string[] = []
  const result = await runChaos({ seed: '12', kills: 6, killsPerRound: 6, say: (line) => said.push(line) })
  expect(result.wrong, said.join('\n')).toEqual([])
  expect(result.kills.gateway + result.kills.postgres + result.kills.orthanc).toBeGreaterThanOrEqual(6)
  // A driver that gets nothing acknowledged would prove nothing.
  expect(result.acknowledged).toBeGreaterThan(20)
  expect(result.mails).toBeGreaterThan(5)
}, 180_000)
