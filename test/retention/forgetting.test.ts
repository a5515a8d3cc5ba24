import { readFileSync } from 'node:fs'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { verifyTrail } from '../../src/audit/verify.ts'
import { mails, reports, sessions, shares, studies, visits } from '../../src/database/schema.ts'
import { forgetStudies } from '../../src/retention/studies.ts'
import { pdfOf } from '../support/fixtures.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { enterPins } from '../support/patient.ts'
import { publishedVisit, sharedWith } from '../support/site.ts'
import { registered } from '../support/visits.ts'

// The very queries that docs/privacy.md gives to an administrator.
const GUIDE = readFileSync('docs/privacy.md', 'utf8')

let gateway: TestGateway

beforeAll(async () => {
  gateway = await testGateway()
})
afterAll(() => gateway[Symbol.asyncDispose]())

test('art. 17: a visit is forgotten with all that hangs on it, others stay online, the trail stays whole', async () => {
  const gone = await publishedVisit(gateway, 2)
  await sharedWith(gone.patient, gone.publicationIds)
  const stays = await publishedVisit(gateway)
  await gateway.api('PATCH', `/visits/${gone.accessionNumber}`, { consent: false })
  await run('-- forget one visit', [":'accession_number'", `'${gone.accessionNumber}'`])
  for (const table of [visits, reports, sessions])
    expect(await gateway.db.select().from(table)).toHaveLength(1)
  expect(await gateway.db.select().from(shares)).toEqual([])
  expect(await gateway.db.select().from(mails)).toHaveLength(1)
  expect((await enterPins(gateway, gone.pin1, gone.pin2)).status).toBe(401)
  expect((await stays.patient.get('/referti')).status).toBe(200)
  expect(await verifyTrail(gateway.db)).toMatchObject({ whole: true })
})

test('art. 5: the house rule also takes reports that were never published, and nothing that is online', async () => {
  const [online] = await gateway.db.select().from(visits)
  await registered(gateway, { accessionNumber: 'NO-CONSENT', consent: false })
  await gateway.deliver('NO-CONSENT', await pdfOf('Mai pubblicato'))
  expect(await gateway.db.select().from(reports)).toHaveLength(2)
  await run('-- forget visits of which nothing is online', ["'1 year'", "'0 s'"])
  expect(await gateway.db.select({ id: visits.id }).from(visits)).toEqual([{ id: online?.id }])
  expect(await gateway.db.select().from(reports)).toHaveLength(1)
})

async function run(comment: string, [placeholder, value]: [string, string]): Promise<void> {
  const blocks = [...GUIDE.matchAll(/^```sql\n([\s\S]*?)^```/gm)].map(([, text]) => text ?? '')
  const query = blocks.find((text) => text.includes(comment))
  if (!query?.includes(placeholder)) throw new Error(`docs/privacy.md has no query "${comment}"`)
  await gateway.db.execute(sql.raw(query.replace(placeholder, value)))
}

test('art. 5: of studies that no visit wants birth date and description go after 90 days, of deleted ones all after 30', async () => {
  await registered(gateway, { accessionNumber: 'WANTED' })
  const DAY_MS = 24 * 60 * 60_000
  const study = (
    orthancId: string,
    accessionNumber: string,
    days: number,
    state: 'stable' | 'gone' = 'stable',
  ) => ({
    ...{ orthancId, accessionNumber, state, studyInstanceUid: `1.2.${days}` },
    ...{
      patientBirthDate: '19800423',
      description: 'RM GINOCCHIO',
      seriesCount: 1,
      instanceCount: 1,
      sizeBytes: 1,
    },
    changedAt: new Date(gateway.now().getTime() - days * DAY_MS),
  })
  await gateway.db
    .insert(studies)
    .values([
      study('wanted', 'WANTED', 400),
      study('unknown', 'NOBODY', 91),
      study('recent', 'NOBODY', 89),
      study('deleted', 'WANTED', 31, 'gone'),
      study('just-deleted', 'WANTED', 29, 'gone'),
    ])
  await forgetStudies(gateway.db, gateway.now())
  const left = await gateway.db.select().from(studies).orderBy(studies.orthancId)
  expect(left.map(({ orthancId, patientBirthDate }) => [orthancId, patientBirthDate !== null])).toEqual([
    ['just-deleted', true],
    ['recent', true],
    ['unknown', false],
    ['wanted', true],
  ])
})
