import { expect, test } from 'vitest'
import { visitWithoutImages } from '../support/fixtures.ts'
import { testGateway } from '../support/gateway.ts'
import { enterPins, signedIn } from '../support/patient.ts'
import { firstPublication, published } from '../support/visits.ts'

test('the log tells routes and numbers, and of no person: no name, PIN, token, UID, Accession Number, address or typed word', async () => {
  await using gateway = await testGateway()
  const { pin1, pin2, email } = await published(gateway, 'LOG-ACC')
  await enterPins(gateway, pin1, '13572468')
  const patient = await signedIn(gateway, pin1, pin2)
  const id = await firstPublication(patient)
  const uid = '1.2.840.99.1234567'
  for (const path of [
    `/referti/${id}`,
    `/referti/${id}/firmato`,
    `/referti/${id}/disco`,
    '/referti/not-mine',
    `/dicomweb/studies/${uid}/metadata`,
    `/dicomweb/studies?00100020=TYPED-ID&PatientName=TYPED^NAME`,
    `/viewer/viewer?StudyInstanceUIDs=${uid}`,
    '/assets/TYPED.css',
    '/TYPED/../etc/passwd?q=TYPED',
    '/aiuto?utm=TYPED',
    '/health',
    '/',
  ])
    await patient.get(path)
  await patient.post('/pin2', { pin1 })
  await gateway.api('GET', '/visits/TYPED-ACC')
  await gateway.api('POST', '/visits', visitWithoutImages({ accessionNumber: 'LOG-2', email: 'TYPED' }))
  await gateway.deliver('LOG-ACC', Buffer.from('TYPED'))
  await fetch(`${gateway.url}/`, { method: 'TYPED' }).catch(() => undefined)
  await fetch(`${gateway.url}/`, {
    headers: { 'user-agent': 'TYPED-AGENT', referer: 'https://TYPED.example' },
  })
  await patient.post('/uscita')

  const text = JSON.stringify(gateway.logged)
  const secrets = [
    ...[
      'Rossi',
      'Mario',
      'RSSMRA',
      'ORTOPEDICA',
      'LOG-ACC',
      'LOG-2',
      'TYPED',
      'typed',
      '13572468',
      '127.0.0.1',
      '::1',
    ],
    ...[
      pin1,
      pin2,
      pin2.replace('-', ''),
      uid,
      id,
      email,
      gateway.apiKey,
      patient.cookie.split('=')[1] ?? '?',
    ],
  ]
  for (const secret of secrets) expect(text).not.toContain(secret)
  const routes = new Set(
    gateway.logged.filter(({ event }) => event === 'http.request').map(({ fields }) => fields.route),
  )
  for (const route of [
    '/api/v1/visits',
    '/api/v1/visits/:accessionNumber',
    '/api/v1/visits/:accessionNumber/reports',
    '/accesso',
    '/referti',
    '/referti/:id',
    '/referti/:id/firmato',
    '/dicomweb/*',
    '/viewer/*',
    '/assets/:file{.+}',
    '/health',
    '/',
    'none',
  ])
    expect([...routes]).toContain(route)
  expect([...routes]).not.toContain('/*')
})
