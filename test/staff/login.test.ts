import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { desc, eq, like } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { auditEvents, sourceAttempts, staff, staffSessions } from '../../src/database/schema.ts'
import { totpCode } from '../../src/staff/totp.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { clientOf, enterDesk, PASSWORD, signedInStaff, staffAccount, staffCookie } from '../support/staff.ts'

let gateway: TestGateway
beforeAll(async () => {
  gateway = await testGateway()
})
afterAll(() => gateway[Symbol.asyncDispose]())

const forgetAttempts = () => gateway.db.delete(sourceAttempts)
const minutesLater = (minutes: number) =>
  gateway.travelTo(new Date(gateway.now().getTime() + minutes * 60_000).toISOString())
const latestEvent = async () => {
  const [row] = await gateway.db
    .select()
    .from(auditEvents)
    .where(like(auditEvents.event, 'staff.%'))
    .orderBy(desc(auditEvents.seq))
    .limit(1)
  return row
}

async function command(...args: string[]) {
  const { stdout } = await promisify(execFile)(process.execPath, ['dist/staff-command.js', ...args], {
    env: { ...process.env, ...gateway.environment },
  })
  return stdout
}

test('the first administrator is made by a command, sets the account up by its one-time link, and signs in', async () => {
  const told = await command('add', 'Prima.Admin', '--name', 'Prima Admin', '--role', 'administrator')
  const link = /http\S+\/desk\/attivazione#(\S+)/.exec(told)
  const attivazione = link?.[1] ?? ''
  expect(attivazione).toMatch(/^[\w-]{32}$/)
  const nobody = clientOf(gateway, '')
  expect((await nobody.post('/desk/attivazione', { attivazione: 'x'.repeat(32) })).status).toBe(401)

  const page = await (await nobody.post('/desk/attivazione', { attivazione })).text()
  expect(page).toContain('prima.admin')
  const secret = /<code class="desk-secret">([A-Z2-7 ]+)<\/code>/.exec(page)?.[1]?.replaceAll(' ', '') ?? ''
  // Opened again, before it is used, the link shows the same secret: the phone may have learnt it already.
  expect(await (await nobody.post('/desk/attivazione', { attivazione })).text()).toContain(secret.slice(0, 4))
  const form = { attivazione, password: PASSWORD, ripeti: PASSWORD, codice: totpCode(secret, gateway.now()) }
  expect(
    (await nobody.post('/desk/attivazione', { ...form, password: 'corta', ripeti: 'corta' })).status,
  ).toBe(422)
  expect((await nobody.post('/desk/attivazione', { ...form, codice: '000000' })).status).toBe(422)
  const done = await nobody.post('/desk/attivazione', form)
  expect(done.status).toBe(200)
  const codes = [...(await done.text()).matchAll(/<code>([0-9A-Z]{5}-[0-9A-Z]{5})<\/code>/g)]
  expect(new Set(codes.map(([, code]) => code)).size).toBe(10)
  expect((await nobody.post('/desk/attivazione', form)).status).toBe(401)

  minutesLater(1)
  const codice = totpCode(secret, gateway.now())
  const response = await enterDesk(gateway, { utente: 'PRIMA.admin', password: PASSWORD, codice })
  expect(response.status).toBe(303)
  const member = clientOf(gateway, staffCookie(response) ?? '')
  expect((await member.get('/desk')).headers.get('location')).toBe('/desk/utenti')
  expect(await (await member.get('/desk/utenti')).text()).toContain('Prima Admin')
  // The code was used: it opens nothing a second time.
  expect((await enterDesk(gateway, { utente: 'prima.admin', password: PASSWORD, codice })).status).toBe(401)
})

test('the command makes an account ready for use, resets, disables and lists; wrong words change nothing', async () => {
  const told = await command('add', 'pronta', '--name', 'Pronta Subito', '--role', 'desk', '--ready')
  const [, password = ''] = /Password\s+(\S+)/.exec(told) ?? []
  const [, secret = ''] = /TOTP\s+(\S+)/.exec(told) ?? []
  minutesLater(1)
  const codice = totpCode(secret, gateway.now())
  expect((await enterDesk(gateway, { utente: 'pronta', password, codice })).status).toBe(303)
  expect(await command('list')).toContain('pronta\tlocal\topen\tdesk\tPronta Subito')
  expect(await command('reset', 'pronta')).toContain('/desk/attivazione#')
  await command('disable', 'pronta')
  expect(await command('list')).toContain('pronta\tlocal\tdisabled')
  for (const wrong of [
    ['add', 'nome', '--name', 'N', '--role', 'chief'],
    ['reset', 'nobody'],
  ])
    await expect(command(...wrong)).rejects.toThrow()
}, 120_000)

test('S43: unknown, disabled, wrong password and wrong code are told alike, and each is in the trail', async () => {
  await forgetAttempts()
  const { id, recoveryCodes } = await staffAccount(gateway, 'alike', ['desk'])
  const off = await staffAccount(gateway, 'alike-off', ['desk'])
  await gateway.db.update(staff).set({ disabledAt: gateway.now() }).where(eq(staff.id, off.id))
  const answers = new Set<string>()
  for (const [utente, password, codice] of [
    ['nobody-here', PASSWORD, '123456'],
    ['alike', 'un’altra password', recoveryCodes[0] ?? ''],
    ['alike', PASSWORD, '12345'],
    ['alike-off', PASSWORD, off.recoveryCodes[0] ?? ''],
    ['', '', ''],
  ] as const) {
    const response = await enterDesk(gateway, { utente, password, codice })
    expect(response.status).toBe(401)
    expect(staffCookie(response)).toBeUndefined()
    answers.add((await response.text()).replace(` value="${utente}"`, '').replaceAll(' autofocus=""', ''))
    expect((await latestEvent())?.event).toBe('staff.failed')
  }
  expect(answers.size).toBe(1)
  // A recovery code that came with a wrong password was not used up; with the right one it is.
  const codice = recoveryCodes[0] ?? ''
  expect((await enterDesk(gateway, { utente: 'alike', password: PASSWORD, codice })).status).toBe(303)
  expect((await enterDesk(gateway, { utente: 'alike', password: PASSWORD, codice })).status).toBe(401)
  const rows = await gateway.db
    .select()
    .from(auditEvents)
    .where(eq(auditEvents.actor, `staff:${id}`))
  expect(rows.map(({ event }) => event)).toContain('staff.login')
})

test('S42: five wrong tries lock an account that exists and one that does not alike; then the right ones wait too', async () => {
  await forgetAttempts()
  const { recoveryCodes, id } = await staffAccount(gateway, 'locked', ['desk'])
  for (const utente of ['locked', 'locked-unknown']) {
    const statuses = []
    for (let attempt = 0; attempt < 6; attempt++)
      statuses.push(
        (await enterDesk(gateway, { utente, password: 'sbagliata davvero', codice: '000000' })).status,
      )
    expect(statuses).toEqual([401, 401, 401, 401, 429, 429])
  }
  const right = { utente: 'locked', password: PASSWORD, codice: recoveryCodes[0] ?? '' }
  expect((await enterDesk(gateway, right)).status).toBe(429)
  expect((await latestEvent())?.event).toBe('staff.locked')
  expect((await latestEvent())?.details).toEqual({ staff: id })
  minutesLater(16)
  expect((await enterDesk(gateway, right)).status).toBe(303)
})

test('S42: one address has 30 tries in a quarter of an hour, over all accounts', async () => {
  await forgetAttempts()
  // The quarters are the clock's: all tries fall into one.
  const quarter = 15 * 60_000
  gateway.travelTo(new Date((Math.floor(gateway.now().getTime() / quarter) + 2) * quarter).toISOString())
  const statuses = []
  for (let attempt = 0; attempt < 31; attempt++)
    statuses.push(
      (await enterDesk(gateway, { utente: `nome-${attempt}`, password: 'x', codice: '1' })).status,
    )
  expect(statuses.slice(0, 30).every((status) => status === 401)).toBe(true)
  expect(statuses[30]).toBe(429)
  await forgetAttempts()
})

test('S12, S44: a session is new at each login, ends after 15 idle minutes and at the latest after 8 hours', async () => {
  const { recoveryCodes } = await staffAccount(gateway, 'sessions', ['desk'])
  const enter = async (cookie = '') =>
    staffCookie(
      await enterDesk(
        gateway,
        { utente: 'sessions', password: PASSWORD, codice: recoveryCodes.pop() ?? '' },
        { cookie },
      ),
    ) ?? ''
  const planted = `__Host-ritiro-desk=${'P'.repeat(43)}`
  const first = await enter(planted)
  expect(first).not.toBe(planted)
  const second = await enter(first)
  expect(second).not.toBe(first)
  const alive = async (cookie: string) =>
    (await clientOf(gateway, cookie).post('/desk/sessione/attiva')).status
  // A login in the same browser ends the session before.
  expect([await alive(first), await alive(second)]).toEqual([401, 204])
  minutesLater(14)
  expect(await alive(second)).toBe(204)
  minutesLater(16)
  expect(await alive(second)).toBe(401)
  const page = await clientOf(gateway, second).get('/desk')
  expect([page.status, page.headers.get('location')]).toEqual([303, '/desk/accesso?fine=sessione'])

  const third = await enter()
  for (let quarter = 0; quarter < 48; quarter++) {
    minutesLater(10)
    if (quarter < 47) expect(await alive(third)).toBe(204)
  }
  expect(await alive(third)).toBe(401)
})

test('one’s own password and recovery codes are changed by who has the old one and a code; other sessions end, the trail tells', async () => {
  const own = await signedInStaff(gateway, 'propria', ['radiology'])
  const elsewhere = staffCookie(
    await enterDesk(gateway, {
      utente: 'propria',
      password: PASSWORD,
      codice: own.recoveryCodes.pop() ?? '',
    }),
  )
  const other = clientOf(gateway, elsewhere ?? '')
  const next = 'tavolo finestra cucchiaio'
  const typed = { attuale: PASSWORD, codice: own.recoveryCodes.pop() ?? '', nuova: next, ripeti: next }
  const refused = async (form: Record<string, string>, path = 'password') => {
    const answer = await own.post(`/desk/profilo/${path}`, form)
    return [answer.status, await answer.text()]
  }
  const wrong = [422, expect.stringContaining('La password attuale o il codice non sono giusti')]
  expect(await refused({ ...typed, attuale: 'un’altra password' })).toEqual(wrong)
  expect(await refused({ ...typed, codice: '000000' })).toEqual(wrong)
  expect(await refused({ attuale: 'sbagliata', codice: typed.codice }, 'codici')).toEqual(wrong)
  // What is not taken costs no code.
  expect(await refused({ ...typed, nuova: 'corta', ripeti: 'corta' })).toEqual([
    422,
    expect.stringContaining('almeno 12 caratteri'),
  ])
  expect((await other.post('/desk/sessione/attiva')).status).toBe(204)
  expect((await own.post('/desk/profilo/password', typed)).headers.get('location')).toBe(
    '/desk/profilo?fatto=password',
  )
  expect((await latestEvent())?.event).toBe('staff.password_changed')
  expect((await other.post('/desk/sessione/attiva')).status).toBe(401)
  expect((await own.post('/desk/sessione/attiva')).status).toBe(204)

  const before = own.recoveryCodes.pop() ?? ''
  const unused = own.recoveryCodes.pop() ?? ''
  const page = await (await own.post('/desk/profilo/codici', { attuale: next, codice: before })).text()
  expect((await latestEvent())?.event).toBe('staff.codes_renewed')
  const codes = [...page.matchAll(/<code>([0-9A-Z]{5}-[0-9A-Z]{5})<\/code>/g)].map(([, code = '']) => code)
  expect(codes).toHaveLength(10)
  const enter = async (password: string, codice: string) =>
    (await enterDesk(gateway, { utente: 'propria', password, codice })).status
  expect(await enter(next, unused)).toBe(401)
  expect(await enter(PASSWORD, codes[0] ?? '')).toBe(401)
  expect(await enter(next, codes[1] ?? '')).toBe(303)
  await forgetAttempts()
})

test('S44: the console’s cookie is its own, and "Esci" ends the session', async () => {
  const { recoveryCodes } = await staffAccount(gateway, 'leaving', ['desk'])
  const response = await enterDesk(gateway, {
    utente: 'leaving',
    password: PASSWORD,
    codice: recoveryCodes[0] ?? '',
  })
  const [cookie = ''] = response.headers.getSetCookie()
  expect(cookie.split('; ').slice(1).sort()).toEqual(['HttpOnly', 'Path=/', 'SameSite=Strict', 'Secure'])
  const member = clientOf(gateway, staffCookie(response) ?? '')
  // It opens nothing of a patient's, and a patient's nothing of the console's.
  expect((await member.get('/referti')).headers.get('location')).toBe('/?fine=sessione')
  const token = member.cookie.split('=')[1]
  expect(
    (await clientOf(gateway, `__Host-ritiro=${token}`).get('/desk/visite/nuova')).headers.get('location'),
  ).toBe('/desk/accesso?fine=sessione')
  expect((await member.post('/desk/uscita')).headers.get('location')).toBe('/desk/accesso?fine=uscita')
  expect((await member.post('/desk/sessione/attiva')).status).toBe(401)
  expect((await latestEvent())?.event).toBe('staff.logout')
})

test('administrators create, give roles, reset, unlock and disable, each act in the trail; sessions end at once', async () => {
  const admin = await signedInStaff(gateway, 'capo', ['administrator'])
  const created = await admin.post('/desk/utenti', {
    nome: 'Nuova Persona',
    utente: 'Nuova',
    ruoli: ['desk'],
  })
  const page = await created.text()
  expect([created.status, page]).toEqual([200, expect.stringContaining('/desk/attivazione#')])
  expect((await latestEvent())?.event).toBe('staff.created')
  expect((await latestEvent())?.actor).toBe(`staff:${admin.id}`)
  expect((await admin.post('/desk/utenti', { nome: 'Altra', utente: 'nuova', ruoli: ['desk'] })).status).toBe(
    409,
  )
  const empty = await admin.post('/desk/utenti', { nome: '', utente: 'à b', ruoli: ['chief'] })
  expect([empty.status, await empty.text()]).toEqual([422, expect.stringContaining('Scegli almeno un ruolo')])

  const member = await signedInStaff(gateway, 'gestita', ['desk'])
  const path = `/desk/utenti/${member.id}`
  expect(await (await admin.get(path)).text()).toContain('Nome di gestita')
  expect((await admin.post(`${path}/ruoli`, { ruoli: ['radiology', 'auditor'] })).status).toBe(303)
  expect((await latestEvent())?.details).toEqual({ staff: member.id, roles: 'radiology auditor' })
  expect((await member.post('/desk/sessione/attiva')).status).toBe(401)
  expect((await admin.post(`${path}/ruoli`)).status).toBe(422)

  expect((await admin.post(`${path}/azzera`)).status).toBe(200)
  const old = { utente: 'gestita', password: PASSWORD, codice: member.recoveryCodes[0] ?? '' }
  expect((await enterDesk(gateway, old)).status).toBe(401)
  for (const [act, event] of [
    ['sblocca', 'staff.changed'],
    ['disattiva', 'staff.disabled'],
    ['riattiva', 'staff.enabled'],
  ] as const) {
    expect((await admin.post(`${path}/${act}`)).status).toBe(303)
    expect((await latestEvent())?.event).toBe(event)
  }
  for (const id of ['x', '00000000-0000-4000-8000-000000000000'])
    expect((await admin.get(`/desk/utenti/${id}`)).status).toBe(404)
})

test('the last administrator can neither be disabled nor lose the role, two at once neither', async () => {
  const others = gateway.db.update(staff).set({ disabledAt: gateway.now() })
  await others
  const one = await signedInStaff(gateway, 'ultima', ['administrator'])
  for (const [act, form] of [
    ['disattiva', {}],
    ['ruoli', { ruoli: 'desk' }],
  ] as const) {
    const refused = await one.post(`/desk/utenti/${one.id}/${act}`, form)
    expect([refused.status, await refused.text()]).toEqual([
      409,
      expect.stringContaining('ultimo amministratore'),
    ])
  }
  const two = await signedInStaff(gateway, 'penultima', ['administrator'])
  const answers = await Promise.all([
    one.post(`/desk/utenti/${two.id}/disattiva`),
    two.post(`/desk/utenti/${one.id}/disattiva`),
  ])
  const left = await gateway.db.$count(staff, eq(staff.disabledAt, gateway.now()))
  expect(answers.map(({ status }) => status)).toContain(303)
  const active = (await gateway.db.select().from(staff)).filter(
    ({ disabledAt, roles }) => disabledAt === null && roles.includes('administrator'),
  )
  expect([left, active.length]).toEqual([0, 1])
  expect(await gateway.db.$count(staffSessions)).toBeGreaterThan(0)
})
