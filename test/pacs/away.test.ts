import { expect, test } from 'vitest'
import { freePort } from '../../scripts/orthanc.ts'
import { pdfOf, visit } from '../support/fixtures.ts'
import { testGateway } from '../support/gateway.ts'
import { dicomFiles } from '../support/images.ts'
import { testOrthanc } from '../support/orthanc.ts'
import { signedIn } from '../support/patient.ts'
import { firstPublication, published } from '../support/visits.ts'

test('S46: without the right password, or with the archive down at the start, reports are served all the same; when it is there the images come', async () => {
  const [httpPort, dicomPort] = [await freePort(), await freePort()]
  const account = { user: 'ritiro', password: 'the-right-one' }
  await using gateway = await testGateway({
    orthanc: { url: `http://127.0.0.1:${httpPort}`, ...account },
    environment: { ORTHANC_PASSWORD: 'a-wrong-one' },
  })
  const health = async () => (await fetch(`${gateway.url}/health`)).json()
  expect(await health()).toEqual({ database: 'ok', pacs: 'unavailable' })
  expect(gateway.logged.some(({ event }) => event === 'archive.unavailable')).toBe(true)
  // A report without images is published and read without the archive.
  const { pin1, pin2 } = await published(gateway, 'READ')
  const patient = await signedIn(gateway, pin1, pin2)
  expect((await patient.get(`/referti/${await firstPublication(patient)}/firmato`)).status).toBe(200)

  await using orthanc = await testOrthanc({ httpPort, dicomPort, ...account })
  await using files = await dicomFiles({ accessionNumber: 'ACC001' })
  await orthanc.send({ directory: files.directory })
  await gateway.api('POST', '/visits', visit())
  await gateway.deliver('ACC001', await pdfOf('Referto'))
  expect(await health()).toEqual({ database: 'ok', pacs: 'unavailable' })
  const refused = () =>
    gateway.logged.find(({ fields }) => String(fields.detail).includes('ORTHANC_PASSWORD'))
  await expect.poll(refused, { timeout: 20_000 }).toBeDefined()
  expect(JSON.stringify(gateway.logged)).not.toContain('a-wrong-one')
  expect((await patient.get('/referti')).status).toBe(200)

  await gateway.stop()
  await gateway.start({ ORTHANC_PASSWORD: account.password })
  expect(await health()).toEqual({ database: 'ok', pacs: 'ok' })
  await gateway.waitForState('ACC001', ({ published: online }) => online)
})
