import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { AUDIENCES } from '../../src/http/audience.ts'
import { ACTS, type Act, ROLES, type Role } from '../../src/staff/permissions.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { doctorOf } from '../support/patient.ts'
import { type Published, publishedVisit, sharedWith } from '../support/site.ts'
import { type Staff, signedInStaff } from '../support/staff.ts'

const ROUTES = Object.entries(AUDIENCES).flatMap(([name, audience]) => {
  const [method = '', path = ''] = name.split(' ')
  return path.startsWith('/desk') ? [{ name, method, path, audience }] : []
})
const GUARDED = ROUTES.filter(({ audience }) => audience.startsWith('staff'))

let gateway: TestGateway
let mine: Published
let visitId: string
const members = new Map<Role, Staff>()
const strangers: Record<string, Record<string, string>> = {}

beforeAll(async () => {
  gateway = await testGateway()
  mine = await publishedVisit(gateway)
  const share = await sharedWith(mine.patient, mine.publicationIds)
  const doctor = await doctorOf(gateway, share.token, share.pin)
  for (const role of ROLES) members.set(role, await signedInStaff(gateway, `ruolo-${role}`, [role]))
  const desk = members.get('desk')
  await desk?.post('/desk/cerca', { cerca: mine.accessionNumber })
  const page = (await (await desk?.get('/desk/cerca'))?.text()) ?? ''
  visitId = /\/desk\/visite\/([0-9a-f-]{36})"/.exec(page)?.[1] ?? ''
  Object.assign(strangers, {
    nobody: {},
    'a made-up session': { cookie: `__Host-ritiro-desk=${'A'.repeat(43)}` },
    patient: { cookie: mine.patient.cookie },
    'the patient’s token as staff': { cookie: mine.patient.cookie.replace('ritiro=', 'ritiro-desk=') },
    doctor: { cookie: doctor.cookie },
    RIS: { authorization: `Bearer ${gateway.apiKey}` },
  })
})
afterAll(() => gateway[Symbol.asyncDispose]())

/** A route's pattern with a visit that is there, and with ids of nothing for the rest: an act that is let through does no harm. */
const addressOf = (path: string) =>
  path.replace('/visite/:id', `/visite/${visitId}`).replace(':code', 'H501').replaceAll(/:\w+/g, randomUUID())

const ask = ({ method, path }: { method: string; path: string }, headers: Record<string, string>) =>
  fetch(gateway.url + addressOf(path), {
    method,
    redirect: 'manual',
    headers: { 'sec-fetch-site': 'same-origin', ...headers },
    ...(method === 'GET' ? {} : { body: new URLSearchParams() }),
  })

test('every route of the console but the login’s is declared for the staff', () => {
  expect(visitId).not.toBe('')
  const open = ROUTES.filter((route) => !GUARDED.includes(route)).map(({ name }) => name)
  expect(open).toEqual([
    'GET /desk/accesso',
    'POST /desk/accesso',
    'GET /desk/oidc',
    'GET /desk/oidc/ritorno',
    'GET /desk/attivazione',
    'POST /desk/attivazione',
    'POST /desk/uscita',
  ])
})

test.for(GUARDED)('S45: $name is led to the login for nobody, patient, doctor and RIS', async (route) => {
  for (const [who, headers] of Object.entries(strangers)) {
    const response = await ask(route, headers)
    const told = response.status === 303 ? response.headers.get('location') : response.status
    expect([who, told]).toEqual([
      who,
      route.path.startsWith('/desk/sessione') ? 401 : '/desk/accesso?fine=sessione',
    ])
    expect(response.headers.get('cache-control')).toBe('no-store')
  }
})

test('S45: each role is let through to its own acts, and to no other', async () => {
  const table: string[] = []
  for (const route of GUARDED) {
    const cells = []
    for (const role of ROLES) {
      const member = members.get(role)
      const response = await ask(route, { cookie: member?.cookie ?? '' })
      const act = route.audience === 'staff' ? null : (route.audience.slice('staff:'.length) as Act)
      const allowed = act === null || (ACTS[act] as readonly Role[]).includes(role)
      const body = await response.text()
      cells.push(`${role} ${response.status}`)
      expect([route.name, role, response.status === 403]).toEqual([route.name, role, !allowed])
      expect([route.name, role, response.status < 500]).toEqual([route.name, role, true])
      // What is refused tells nothing of the person.
      if (!allowed) expect(body).not.toContain('Rossi')
    }
    table.push(`${route.name}: ${cells.join(', ')}`)
  }
  // biome-ignore lint/suspicious/noConsole: the table is what the test has to tell
  console.log(`S45, the console by role\n${table.join('\n')}`)
})

test('S45: an exam is acted upon through its own visit alone, and an id of nothing is a page that is not there', async () => {
  const other = await publishedVisit(gateway)
  const desk = members.get('desk')
  const page = (await (await desk?.get(`/desk/visite/${visitId}`))?.text()) ?? ''
  const exam = /\/esami\/([0-9a-f-]{36})\/escludi/.exec(page)?.[1] ?? ''
  expect(exam).not.toBe('')
  await desk?.post('/desk/cerca', { cerca: other.accessionNumber })
  const found = (await (await desk?.get('/desk/cerca'))?.text()) ?? ''
  const otherId = /\/desk\/visite\/([0-9a-f-]{36})"/.exec(found)?.[1] ?? ''
  for (const act of ['ritira', 'escludi', 'includi'])
    expect(
      (await desk?.post(`/desk/visite/${otherId}/esami/${exam}/${act}`, { conferma: 'si' }))?.status,
    ).toBe(404)
  expect((await desk?.get(`/desk/visite/${otherId}/esami/${exam}/ricevuta`))?.status).toBe(404)
  for (const id of ['x', randomUUID(), '%00', '..%2f'])
    expect((await desk?.get(`/desk/visite/${id}`))?.status).toBe(404)
  // The patient's own session ended when the roles' acts, tried above, took the e-mail away.
  const state = await (await gateway.api('GET', `/visits/${mine.accessionNumber}`)).json()
  expect(state).toMatchObject({ published: true })
})

test('switched off, or from another network, there is no console: the 404 of any path that is not there', async () => {
  const desk = members.get('desk')
  const plain = await (await fetch(`${gateway.url}/nulla`)).text()
  for (const environment of [{ DESK: 'off' }, { DESK_NETWORKS: '10.9.0.0/16, 2001:db8::/32' }] as Record<
    string,
    string
  >[]) {
    await gateway.stop()
    await gateway.start(environment)
    for (const route of ROUTES) {
      const response = await ask(route, { cookie: desk?.cookie ?? '' })
      expect([route.name, response.status]).toEqual([route.name, 404])
      if (!route.path.startsWith('/desk/sessione')) expect(await response.text()).toBe(plain)
    }
  }
  await gateway.stop()
  await gateway.start({ DESK_NETWORKS: '127.0.0.0/8, ::1' })
  expect((await fetch(`${gateway.url}/desk/accesso`)).status).toBe(200)
})
