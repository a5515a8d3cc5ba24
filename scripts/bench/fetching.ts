// Run by scripts/bench/disc.ts as a process of its own: fetches every instance of a study, as many at a time as a disc does, and keeps nothing.
// Arguments: how (undici, gateway, prepare), Orthanc's id of the study. Prints JSON.
import { Pool } from 'undici'
import { prepareManifest, type StoredFile } from '../../src/disc/manifest.ts'
import { CONCURRENCY } from '../../src/disc/write.ts'
import { createOrthanc } from '../../src/orthanc/orthanc.ts'
import { storedFiles } from '../../src/preparation/preparation.ts'

const [how = '', studyId = ''] = process.argv.slice(2)
const { ORTHANC_URL: url = '', ORTHANC_USER: user = '', ORTHANC_PASSWORD: password = '' } = process.env
const orthanc = createOrthanc({ url, user, password })
const instances = (await orthanc.instances(studyId)) ?? []
const pool = new Pool(url, { connections: CONCURRENCY, keepAliveTimeoutThreshold: 200 })
const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`

// A process that has just started runs slower than one that serves all day.
if (how !== 'prepare') await fetchAll(how)
let bytes = 0
let reads = 0
const cpu = process.cpuUsage()
const begin = performance.now()
if (how === 'prepare') {
  await prepareManifest(
    counted(storedFiles(orthanc, instances, async () => undefined, AbortSignal.timeout(600_000))),
  )
} else {
  bytes = await fetchAll(how)
}
const seconds = (performance.now() - begin) / 1000
const used = process.cpuUsage(cpu)
console.log(JSON.stringify({ bytes, reads, seconds, cpuSeconds: (used.user + used.system) / 1e6 }))
process.exit(0)

async function fetchAll(by: string): Promise<number> {
  const waiting = instances.values()
  let fetched = 0
  const inTurn = async () => {
    for (const { orthancId } of waiting) {
      const length = await (by === 'undici' ? byUndici : byGateway)(orthancId)
      fetched += length
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, inTurn))
  return fetched
}

async function byUndici(orthancId: string): Promise<number> {
  const { body } = await pool.request({
    method: 'GET',
    path: `/instances/${orthancId}/file`,
    headers: { authorization },
  })
  let length = 0
  for await (const chunk of body) length += (chunk as Uint8Array).byteLength
  return length
}

async function byGateway(orthancId: string): Promise<number> {
  return (await orthanc.instanceFile(orthancId))?.byteLength ?? 0
}

async function* counted(files: AsyncIterable<StoredFile>): AsyncGenerator<StoredFile> {
  for await (const file of files) {
    bytes += file.bytes?.byteLength ?? file.large?.size ?? 0
    reads += 1
    yield file
  }
}
