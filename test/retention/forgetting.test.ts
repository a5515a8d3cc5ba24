import { readFileSync } from 'node:fs'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { verifyTrail } from '../../src/audit/verify.ts'
import { mails, reports, sessions, shares, visits } from '../../src/database/schema.ts'
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
