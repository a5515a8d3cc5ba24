import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { access, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { generateChestCt } from '../../scripts/demo-data/ct.ts'
import { storeFiles } from '../../scripts/demo-data/store.ts'
import { parseCommentedJson, startOrthanc } from '../../scripts/orthanc.ts'
import { type TestOrthanc, testOrthanc } from '../support/orthanc.ts'
import { privateFolder } from './folder.ts'

const SAMPLES = new URL('../../../shared/samples/', import.meta.url).pathname
const haveSamples = await access(SAMPLES).then(
  () => true,
  () => false,
)

describe('the archive as it is configured for a hospital (S46)', () => {
  let orthanc: TestOrthanc
  let study: Awaited<ReturnType<typeof generateChestCt>>

  beforeAll(async () => {
    orthanc = await testOrthanc()
    study = await generateChestCt({
      directory: await privateFolder(),
      patient: { name: 'ROSSI^MARIO', patientId: 'DEMO1', birthDate: '1957-03-14', sex: 'M' },
      accessionNumber: 'TEST-1',
      studyDate: '2026-11-20',
      slices: 3,
    })
    await orthanc.send(study.files)
  })
  afterAll(() => orthanc[Symbol.asyncDispose]())

  test.each(['/system', '/studies', '/changes', '/dicom-web/studies', '/app/explorer.html', '/'])(
    '%s answers 401 without credentials, and with the default ones',
    async (path) => {
      const anonymous = await fetch(`${orthanc.url}${path}`)
      expect(anonymous.status).toBe(401)
      const authorization = `Basic ${btoa('orthanc:orthanc')}`
      expect((await fetch(`${orthanc.url}${path}`, { headers: { authorization } })).status).toBe(401)
    },
  )

  test.each([
    ['GET', '/app/explorer.html'],
    ['GET', '/webdav/'],
    ['PROPFIND', '/webdav/'],
    ['GET', '/wado?requestType=WADO'],
  ])('explorer, WebDAV and WADO-URI do not exist even for the administrator: %s %s', async (method, path) => {
    expect((await orthanc.request(path, { method, as: 'administrator' })).status).toBe(404)
  })

  test('a script sent by the administrator is not executed', async () => {
    const init = { method: 'POST', body: 'print(6 * 7)', as: 'administrator' } as const
    const response = await orthanc.request('/tools/execute-script', init)
    expect(response.status).toBe(403)
    expect(await response.text()).not.toContain('42')
  })

  test('the gateway reads what it needs: system, changes, instances, files, DICOMweb', async () => {
    const id = await orthanc.stable(study.studyInstanceUid)
    const instances = await orthanc.request(`/studies/${id}/instances?expand`)
    const [first] = (await instances.json()) as { ID: string }[]
    const bulk = JSON.stringify({ Resources: [id], Level: 'Instance', Metadata: true, Short: true })
    const answers = await Promise.all([
      orthanc.request('/system'),
      orthanc.request('/changes?since=0&limit=10'),
      orthanc.request(`/instances/${first?.ID}/file`),
      orthanc.request('/tools/bulk-content', { method: 'POST', body: bulk }),
      orthanc.request(`/dicom-web/studies/${study.studyInstanceUid}/metadata`),
    ])
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
  })

  test('DICOMweb metadata is full: SOP Class, Rows and Pixel Spacing are there', async () => {
    const response = await orthanc.request(`/dicom-web/studies/${study.studyInstanceUid}/metadata`)
    const [instance] = (await response.json()) as Record<string, { Value?: unknown[] }>[]
    expect(instance?.['00080016']?.Value).toEqual(['1.2.840.10008.5.1.4.1.1.2'])
    expect(instance?.['00280010']?.Value).toEqual([512])
    expect(instance?.['00280030']?.Value).toHaveLength(2)
  })

  test.each([
    ['DELETE', '/studies/$ID'],
    ['POST', '/instances'],
    ['POST', '/dicom-web/studies'],
    ['POST', '/studies/$ID/anonymize'],
    ['POST', '/studies/$ID/modify'],
    ['PUT', '/studies/$ID/metadata/1024'],
    ['DELETE', '/changes'],
    ['POST', '/tools/reset'],
    ['POST', '/tools/shutdown'],
    ['PUT', '/tools/log-level'],
    ['GET', '/modalities'],
    ['GET', '/dicom-web/servers'],
    ['GET', '/studies/../tools/log-level'],
    ['GET', '//tools/log-level'],
    ['GET', '/studiesx'],
  ])('the gateway can neither write nor leave its list of routes: %s %s', async (method, path) => {
    const id = await orthanc.stable(study.studyInstanceUid)
    const response = await orthanc.request(path.replace('$ID', id), { method, redirect: 'manual' })
    expect(response.status).toBe(403)
  })

  test('a method named in a header does not pass as a reading', async () => {
    const id = await orthanc.stable(study.studyInstanceUid)
    const headers = { 'X-HTTP-Method-Override': 'DELETE' }
    for (const path of [`/studies/${id}`, `/studies/${id}?_method=DELETE`]) {
      await orthanc.request(path, { headers })
      await orthanc.request(path, { headers, method: 'POST' })
    }
    expect((await orthanc.request(`/studies/${id}`)).status).toBe(200)
  })

  test('a wrong called AE title is refused', async () => {
    const peer = { host: orthanc.host, port: orthanc.dicomPort, aet: 'OTHER', files: study.files }
    await expect(storeFiles(peer)).rejects.toThrow('Association Rejected')
  })

  test('nobody can query or pull studies over DICOM', () => {
    const query = ['-S', '-aec', orthanc.aet, '-k', '0008,0052=STUDY', '-k', 'PatientName']
    const found = spawnSync('findscu', [...query, '-v', orthanc.host, String(orthanc.dicomPort)])
    expect(`${found.stdout}${found.stderr}`).not.toContain('ROSSI')
    expect(`${found.stdout}${found.stderr}`).toMatch(/Aborted Association/)
  })

  test('the configuration with its password is readable by nobody else, and the log has no patient', async () => {
    const directory = await privateFolder()
    await using other = await testOrthanc({ directory, password: 'not-for-others' })
    await other.send(study.files)
    const { mode } = await stat(join(directory, 'orthanc.json'))
    expect(mode & 0o077).toBe(0)
    expect(await readFile(join(directory, 'orthanc.log'), 'latin1')).not.toMatch(/ROSSI|not-for-others/)
  })
})

describe('what is stored', () => {
  test('a study is still there after a stop and a start', async () => {
    await using orthanc = await testOrthanc()
    const study = await generateChestCt({
      directory: await privateFolder(),
      patient: { name: 'ROSSI^MARIO', patientId: 'DEMO1', birthDate: '1957-03-14', sex: 'M' },
      accessionNumber: 'TEST-2',
      studyDate: '2026-11-20',
      slices: 2,
    })
    await orthanc.send({ directory: join(study.files[0] ?? '', '..') })
    const id = await orthanc.stable(study.studyInstanceUid)
    await orthanc.stop()
    await expect(orthanc.request('/system')).rejects.toThrow()
    await orthanc.start()
    expect((await orthanc.request(`/studies/${id}`)).status).toBe(200)
  })

  test.runIf(haveSamples)(
    'keeps compressed images as sent, and makes the rest explicit little endian',
    async () => {
      await using orthanc = await testOrthanc()
      const { host, dicomPort: port, aet } = orthanc
      const names = ['WG04_CT2_JLSL.dcm', 'WG04_NM1_J2KR.dcm', 'WG04_RG2_JPLL.dcm', 'MR_small_bigendian.dcm']
      const sent = await storeFiles({ host, port, aet, files: names.map((name) => join(SAMPLES, name)) })
      expect(sent).toEqual({ offered: 4, accepted: 4, problems: [] })
      const instances = (await (await orthanc.request('/instances')).json()) as string[]
      const syntaxes = await Promise.all(
        instances.map(async (id) => {
          const response = await orthanc.request(`/instances/${id}/metadata/TransferSyntax`)
          return response.text()
        }),
      )
      expect(syntaxes.toSorted()).toEqual([
        '1.2.840.10008.1.2.1',
        '1.2.840.10008.1.2.4.70',
        '1.2.840.10008.1.2.4.80',
        '1.2.840.10008.1.2.4.90',
      ])
    },
  )

  test('a file that is no DICOM is named, and the others arrive', async () => {
    await using orthanc = await testOrthanc()
    const directory = await privateFolder()
    const patient = { name: 'ROSSI^MARIO', patientId: 'DEMO1', birthDate: '1957-03-14', sex: 'M' } as const
    const visit = { directory, patient, accessionNumber: 'TEST-3', studyDate: '2026-11-20', slices: 2 }
    await generateChestCt(visit)
    const letter = join(directory, 'letter.txt')
    await writeFile(letter, 'Gentile collega, …')
    const { host, dicomPort: port, aet } = orthanc
    const sent = await storeFiles({ host, port, aet, files: { directory } })
    expect(sent.accepted).toBe(2)
    expect(sent.problems).toEqual([{ file: letter, reason: 'not a DICOM file' }])
  })
})

describe('starting', () => {
  test('the delivered file without credentials lets nobody in, not even the user Orthanc makes up', async () => {
    const delivered = new URL('../../orthanc/orthanc.json', import.meta.url)
    expect(parseCommentedJson(await readFile(delivered, 'utf8'))).not.toHaveProperty('RegisteredUsers')

    const directory = await privateFolder()
    const started = await startOrthanc({ directory })
    await started.stop()
    const file = join(directory, 'orthanc.json')
    const { RegisteredUsers, ...withoutUsers } = parseCommentedJson(await readFile(file, 'utf8'))
    expect(RegisteredUsers).toHaveProperty('ritiro')
    // As the delivered file has it: then Orthanc makes up the user orthanc, password orthanc.
    await writeFile(file, JSON.stringify({ ...withoutUsers, RemoteAccessAllowed: true }))
    const child = spawn('/usr/sbin/Orthanc', [file], { stdio: 'ignore' })
    const ended = once(child, 'exit')
    try {
      const status = (credentials: string) => statusOnceUp(`${started.url}/system`, credentials)
      expect(await status('nobody:nothing')).toBe(401)
      expect(await status('orthanc:orthanc')).toBe(403)
      expect(await status(':')).toBe(401)
    } finally {
      child.kill()
      await ended
    }
  })

  test('a port that is taken is told in the error', async () => {
    await using first = await testOrthanc()
    const directory = await privateFolder()
    const second = startOrthanc({ directory, httpPort: first.httpPort, dicomPort: first.dicomPort })
    await expect(second).rejects.toThrow(/did not start.*already in use/)
  })
})

test('Orthanc ends with the process that started it, even one killed without warning', async () => {
  const directory = await privateFolder()
  const script = `
    const { startOrthanc } = await import(${JSON.stringify(new URL('../../scripts/orthanc.ts', import.meta.url).href)})
    console.log((await startOrthanc({ directory: ${JSON.stringify(directory)} })).url)
    setInterval(() => undefined, 1000)`
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script])
  const [line] = (await once(parent.stdout, 'data')) as [Buffer]
  const url = line.toString().trim()
  expect((await fetch(url)).status).toBe(401)
  parent.kill('SIGKILL')
  await once(parent, 'exit')
  await expect
    .poll(
      () =>
        fetch(url).then(
          () => 'answers',
          () => 'gone',
        ),
      { timeout: 15_000 },
    )
    .toBe('gone')
})

async function statusOnceUp(url: string, credentials: string): Promise<number> {
  const headers = { authorization: `Basic ${btoa(credentials)}` }
  for (let attempt = 0; attempt < 100; attempt++) {
    const response = await fetch(url, { headers }).catch(() => undefined)
    if (response) return response.status
    await sleep(100)
  }
  throw new Error('Orthanc did not start')
}
