import { expect, test } from 'vitest'
import { pdfOf, visit } from '../support/fixtures.ts'
import { testGateway } from '../support/gateway.ts'
import { dicomFiles } from '../support/images.ts'
import { testOrthanc } from '../support/orthanc.ts'

test('an archive that is killed before a study was stable never says that it is: it is asked, and the visit is published (S6)', async () => {
  await using orthanc = await testOrthanc({ stableAge: 5 })
  await using files = await dicomFiles({ accessionNumber: 'ACC001' })
  await using gateway = await testGateway({ orthanc })
  await gateway.api('POST', '/visits', visit())
  await gateway.deliver('ACC001', await pdfOf('Referto'))
  await orthanc.send({ directory: files.directory })
  await gateway.waitForState('ACC001', ({ images }) => images.state === 'arriving', 5_000)
  await orthanc.kill()
  await orthanc.start()
  const state = await gateway.waitForState('ACC001', ({ published }) => published, 40_000)
  expect(state.images).toMatchObject({ state: 'stable', instances: 3 })
}, 90_000)
