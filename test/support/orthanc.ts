import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type StoreOptions, storeFiles } from '../../scripts/demo-data/store.ts'
import { type OrthancOptions, type RunningOrthanc, startOrthanc } from '../../scripts/orthanc.ts'

export type TestOrthanc = Omit<RunningOrthanc, 'pid' | 'stop' | 'kill'> & {
  pid: () => number
  /** C-STOREs into it, and fails the test unless every file is accepted. */
  send: (files: StoreOptions['files']) => Promise<void>
  /** Waits until the study with this Study Instance UID is stable, and gives Orthanc's own id of it. */
  stable: (studyInstanceUid: string, timeoutMs?: number) => Promise<string>
  /** Stops it; `start` brings it back on the same ports with the same contents. */
  stop: () => Promise<void>
  start: () => Promise<void>
  /** Ends it as a power cut would. */
  kill: () => Promise<void>
  [Symbol.asyncDispose]: () => Promise<void>
}

/** A real Orthanc of the test's own, in a private folder; `await using` ends it and deletes the folder. */
export async function testOrthanc(options: Partial<OrthancOptions> = {}): Promise<TestOrthanc> {
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 'ritiro-orthanc-')))
  let running = await startOrthanc({ stableAge: 1, ...options, directory })
  const { url, host, httpPort, dicomPort, aet, user, password, version } = running
  const again = { stableAge: 1, ...options, directory, httpPort, dicomPort, aet, user, password }
  const orthanc: TestOrthanc = {
    ...{ url, host, httpPort, dicomPort, aet, user, password, version },
    // A new administrator's password is made at each start.
    get administrator() {
      return running.administrator
    },
    pid: () => running.pid,
    request: (path, init) => running.request(path, init),
    send: async (files) => {
      const { problems } = await storeFiles({ host, port: dicomPort, aet, files })
      if (problems.length > 0) throw new Error(`not stored: ${JSON.stringify(problems)}`)
    },
    stable: (studyInstanceUid, timeoutMs = 20_000) => waitUntilStable(orthanc, studyInstanceUid, timeoutMs),
    stop: () => running.stop(),
    kill: () => running.kill(),
    start: async () => {
      running = await startOrthanc(again)
    },
    [Symbol.asyncDispose]: async () => {
      // An orderly end takes Orthanc three seconds, for contents nobody will look at again.
      await running.kill()
      if (options.directory === undefined) await rm(directory, { recursive: true, force: true })
    },
  }
  return orthanc
}

async function waitUntilStable(orthanc: TestOrthanc, studyInstanceUid: string, timeoutMs: number) {
  const body = JSON.stringify({
    Level: 'Study',
    Expand: true,
    Query: { StudyInstanceUID: studyInstanceUid },
  })
  const deadline = Date.now() + timeoutMs
  while (Date.now() < deadline) {
    const response = await orthanc.request('/tools/find', { method: 'POST', body })
    const [study] = (await response.json()) as { ID: string; IsStable: boolean }[]
    if (study?.IsStable) return study.ID
    await sleep(100)
  }
  throw new Error('the study did not become stable in time')
}
