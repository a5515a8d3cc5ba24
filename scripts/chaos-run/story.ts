import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { storeFiles } from '../demo-data/store.ts'
import { ask, enter, insist, newestPin2, risAsk, shareWith } from './person.ts'
import { tinyImage, tinyPdf } from './samples.ts'
import type { World } from './world.ts'

/** What somebody was told, act by act: only what was acknowledged is held against the portal. */
export type Visit = {
  accessionNumber: string
  address: string
  email: string
  pin1: string | null
  consent: boolean | 'unsure'
  /** A report was acknowledged since the portal last had a reason to delete it. */
  report: boolean
  images: 'none' | 'sent' | 'unsure'
  withdrawn: boolean | 'unsure'
  shares: { id: string; email: string; revoked: boolean | 'unsure' }[]
  acknowledged: number
}

const PIN2_PATIENCE_MS = 5_000

/** One person's way through the portal, with whatever the killer does meanwhile. */
export async function liveThrough(
  world: World,
  number: number,
  random: () => number,
  ended: () => boolean,
): Promise<Visit | null> {
  const accessionNumber = `C${number}`
  const visit: Visit = {
    accessionNumber,
    address: `198.51.${(number >> 8) & 255}.${number & 255}`,
    email: `persona${number}@example.org`,
    pin1: null,
    consent: true,
    report: false,
    images: random() < 0.2 ? 'unsure' : 'none',
    withdrawn: false,
    shares: [],
    acknowledged: 0,
  }
  if (!(await register(world, visit))) return null
  if (visit.images === 'unsure') await sendImages(world, visit, number)
  await deliver(world, visit)
  if (random() < 0.15) await changeEmail(world, visit)
  const cookie = await signInWhenMailed(world, visit, ended)
  const publicationId = cookie === null ? null : await publicationOf(world, visit, cookie)
  if (cookie !== null && publicationId !== null) {
    const count = 1 + Math.floor(random() * 2)
    for (let share = 0; share < count; share++) await addShare(world, visit, cookie, publicationId, share)
    if (random() < 0.5) await revoke(world, visit, cookie)
    if (random() < 0.15) await newPin2(world, visit)
    else if (random() < 0.4) await withdraw(world, visit, cookie, publicationId)
  }
  if (visit.withdrawn === false && random() < 0.25) await toggleConsent(world, visit, random() < 0.6)
  return visit
}

async function register(world: World, visit: Visit): Promise<boolean> {
  const { accessionNumber, email } = visit
  const path = `/visits/${accessionNumber}`
  const body = {
    accessionNumber,
    patient: { familyName: 'Rossi', givenName: 'Mario', birthDate: '1980-04-23' },
    email,
    consent: true,
    exams: [{ description: 'RX TORACE', date: '2020-05-18', imagesExpected: visit.images !== 'none' }],
  }
  const answer = await insist(() => risAsk(world, 'POST', '/visits', body, 'register'))
  // Registered by a try whose answer was lost: PIN1 is told once, so the desk reissues it.
  const told = answer?.status === 409 ? await insist(() => risAsk(world, 'POST', `${path}/pin1`)) : answer
  if (told?.status !== 201 && told?.status !== 200) return false
  visit.pin1 = (JSON.parse(told.text) as { pin1: string }).pin1
  visit.acknowledged += 1
  return true
}

async function sendImages(world: World, visit: Visit, number: number): Promise<void> {
  const file = join(world.directory, `${visit.accessionNumber}.dcm`)
  await writeFile(file, tinyImage(visit.accessionNumber, number))
  // A modality sends again what was not taken; after that it gives up, and we claim nothing.
  for (let attempt = 0; attempt < 12; attempt++) {
    world.tellAct('store')
    const { host, dicomPort: port, aet } = world.orthanc()
    const sent = await storeFiles({ host, port, aet, files: [file] }).catch(() => null)
    if (sent?.accepted === 1) {
      visit.images = 'sent'
      visit.acknowledged += 1
      return
    }
    await sleep(300)
  }
}

async function deliver(world: World, visit: Visit): Promise<void> {
  const answer = await insist(() => {
    const form = new FormData()
    form.set('document', new File([tinyPdf(visit.accessionNumber)], 'referto', { type: 'application/pdf' }))
    return ask(world, 'POST', `/api/v1/visits/${visit.accessionNumber}/reports`, {
      address: '192.0.2.1',
      headers: { authorization: `Bearer ${world.apiKey}` },
      body: form,
      act: 'deliver',
    })
  })
  visit.report = answer?.status === 201 || answer?.status === 200
  if (visit.report) visit.acknowledged += 1
}

async function signInWhenMailed(world: World, visit: Visit, ended: () => boolean): Promise<string | null> {
  const deadline = Date.now() + PIN2_PATIENCE_MS
  while (Date.now() < deadline && !ended()) {
    const pin2 = newestPin2(world, visit.email)
    if (pin2 && visit.pin1) return enter(world, visit.address, visit.pin1, pin2)
    await sleep(100)
  }
  return null
}

async function publicationOf(world: World, { address }: Visit, cookie: string): Promise<string | null> {
  const page = await insist(() => ask(world, 'GET', '/referti', { address, cookie }))
  return /\/referti\/([0-9a-f-]{36})/.exec(page?.text ?? '')?.[1] ?? null
}

async function addShare(
  world: World,
  visit: Visit,
  cookie: string,
  publicationId: string,
  share: number,
): Promise<void> {
  const email = `medico-${visit.accessionNumber.toLowerCase()}-${share}@example.org`
  const { id, sure } = await shareWith(world, visit.address, cookie, publicationId, email)
  if (!id || !sure) return
  visit.shares.push({ id, email, revoked: false })
  visit.acknowledged += 1
}

async function revoke(world: World, visit: Visit, cookie: string): Promise<void> {
  const [share] = visit.shares
  if (!share) return
  share.revoked = 'unsure'
  const path = `/condivisioni/${share.id}/annulla`
  const answer = await insist(() =>
    ask(world, 'POST', path, { address: visit.address, cookie, act: 'revoke', body: new URLSearchParams() }),
  )
  if (answer?.status !== 303 || !answer.location.startsWith('/condivisioni')) return
  share.revoked = true
  visit.acknowledged += 1
}

async function withdraw(world: World, visit: Visit, cookie: string, publicationId: string): Promise<void> {
  visit.withdrawn = 'unsure'
  const path = Number(visit.accessionNumber.slice(1)) % 2 ? '/rimuovi' : `/referti/${publicationId}/rimuovi`
  const body = new URLSearchParams()
  const answer = await insist(() =>
    ask(world, 'POST', path, { address: visit.address, cookie, body, act: 'withdraw' }),
  )
  // Withdrawn by a try whose answer was lost: the session is gone with it, and the page leads to the PINs.
  if (answer?.location !== '/rimosso') return
  visit.withdrawn = true
  visit.acknowledged += 1
}

async function change(world: World, visit: Visit, values: Record<string, unknown>, act: 'consent' | 'email') {
  const answer = await insist(() => risAsk(world, 'PATCH', `/visits/${visit.accessionNumber}`, values, act))
  if (answer?.status !== 200) return false
  visit.acknowledged += 1
  return true
}

async function changeEmail(world: World, visit: Visit): Promise<void> {
  const email = visit.email.replace('@', '.nuova@')
  if (await change(world, visit, { email }, 'email')) visit.email = email
}

async function newPin2(world: World, visit: Visit): Promise<void> {
  const answer = await insist(() =>
    risAsk(world, 'POST', `/visits/${visit.accessionNumber}/pin2`, undefined, 'pin2'),
  )
  if (answer?.status === 202) visit.acknowledged += 1
}

async function toggleConsent(world: World, visit: Visit, backAgain: boolean): Promise<void> {
  visit.consent = 'unsure'
  visit.report = false
  if (!(await change(world, visit, { consent: false }, 'consent'))) return
  visit.consent = false
  for (const share of visit.shares) share.revoked = true
  if (!backAgain) return
  visit.consent = 'unsure'
  if (!(await change(world, visit, { consent: true }, 'consent'))) return
  visit.consent = true
  // Our copy of the report was deleted with the consent (S26): the RIS delivers it anew.
  await deliver(world, visit)
}
