import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { domainToUnicode } from 'node:url'
import { tinyPdf } from '../chaos-run/samples.ts'
import type { World } from '../chaos-run/world.ts'
import { demoSigner, signP7m } from '../demo-data/sign.ts'

const LONGEST_MS = 5_000

type Reply = { status: number; headers: Headers; bytes: Buffer; text: string }
export type Person = { address: string; cookie: string }

/** Asks the portal as the fuzzers do: every answer is timed, and none may be a failure of its own. */
export type Portal = {
  world: World
  wrong: string[]
  slowestMs: number
  ask: (
    what: string,
    method: string,
    path: string,
    options?: {
      person?: Person
      body?: BodyInit
      json?: unknown
      headers?: Record<string, string>
      /** The caller judges by itself what it means that the archive is away. */
      ofArchive?: true
    },
  ) => Promise<Reply | null>
  /** Registers a visit without images unless told; null where it was refused. */
  register: (what: string, visit: Record<string, unknown>) => Promise<{ pin1: string } | null>
  deliver: (
    what: string,
    accessionNumber: string,
    document: Buffer,
    fields?: Record<string, string>,
    type?: string,
  ) => Promise<Reply | null>
  signIn: (what: string, pin1: string, email: string) => Promise<Person | null>
}

let persons = 0
/** PIN2s that somebody has come with. */
const taken = new Set<string>()

export function portalOf(world: World): Portal {
  const ris = { authorization: `Bearer ${world.apiKey}` }
  const portal: Portal = {
    world,
    wrong: [],
    slowestMs: 0,
    async ask(what, method, path, { person, body, json, headers = {}, ofArchive } = {}) {
      const before = performance.now()
      const response = await fetch(world.url + path, {
        method,
        redirect: 'manual',
        signal: AbortSignal.timeout(30_000),
        headers: {
          'sec-fetch-site': 'same-origin',
          ...(person ? { 'x-forwarded-for': person.address, cookie: person.cookie } : {}),
          ...(path.startsWith('/api/') ? ris : {}),
          ...(json === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(json === undefined ? (body === undefined ? {} : { body }) : { body: JSON.stringify(json) }),
      }).catch((error: unknown) => String(error))
      if (typeof response === 'string') {
        portal.wrong.push(`${what}: ${method} ${path}: ${response}`)
        return null
      }
      const bytes = Buffer.from(await response.arrayBuffer().catch(() => new ArrayBuffer(0)))
      const took = performance.now() - before
      portal.slowestMs = Math.max(portal.slowestMs, took)
      if (took > LONGEST_MS) portal.wrong.push(`${what}: ${method} ${path} took ${Math.round(took)} ms`)
      // What is being prepared is told so by 503.
      const prepares = response.status === 503 && /\/(?:disco\.iso|INDEX\.JS)$/.test(path)
      if (response.status >= 500 && !prepares && !(ofArchive && response.status === 503))
        portal.wrong.push(`${what}: ${method} ${path} answered ${response.status}`)
      return { status: response.status, headers: response.headers, bytes, text: bytes.toString('utf8') }
    },
    async register(what, visit) {
      const reply = await portal.ask(what, 'POST', '/api/v1/visits', { json: visit })
      return reply?.status === 201 ? (JSON.parse(reply.text) as { pin1: string }) : null
    },
    deliver(what, accessionNumber, document, fields = {}, type = 'application/pdf') {
      const form = new FormData()
      form.set('document', new File([new Uint8Array(document)], 'referto', { type }))
      for (const [name, value] of Object.entries(fields)) form.set(name, value)
      return portal.ask(what, 'POST', `/api/v1/visits/${encodeURIComponent(accessionNumber)}/reports`, {
        body: form,
      })
    },
    async signIn(what, pin1, email) {
      const pin2 = await waitForPin2(world, email)
      persons += 1
      const address = `203.0.${(persons >> 8) & 255}.${persons & 255}`
      const reply = pin2
        ? await portal.ask(what, 'POST', '/accesso', {
            body: new URLSearchParams({ pin1, pin2 }),
            person: { address, cookie: '' },
          })
        : null
      const cookie = reply?.headers
        .getSetCookie()
        .find((value) => value.startsWith('__Host-ritiro='))
        ?.split(';')[0]
      if (reply?.status !== 303 || !cookie) {
        portal.wrong.push(`${what}: could not sign in (${pin2 ? reply?.status : 'no PIN2 came'})`)
        return null
      }
      return { address, cookie }
    },
  }
  return portal
}

/** A visit as the RIS registers it. */
export function visitOf(accessionNumber: string, changes: Record<string, unknown> = {}) {
  return {
    accessionNumber,
    patient: { familyName: 'Rossi', givenName: 'Mario', birthDate: '1980-04-23' },
    email: `${accessionNumber.toLowerCase()}@example.org`,
    consent: true,
    exams: [{ description: 'RX TORACE', date: '2020-05-18', imagesExpected: false }],
    ...changes,
  }
}

/** A sound .p7m around a small PDF. */
export async function soundP7m(directory: string): Promise<Buffer> {
  const folder = join(directory, 'signer')
  await mkdir(folder, { recursive: true })
  const signer = await demoSigner(folder, {
    givenName: 'Anna',
    familyName: 'Verdi',
    taxCode: 'VRDNNA80A41L219X',
  })
  const [input, output] = [join(folder, 'in.pdf'), join(folder, 'out.p7m')]
  await writeFile(input, tinyPdf('signed'))
  await signP7m(signer, input, output)
  return readFile(output)
}

async function waitForPin2(world: World, email: string): Promise<string | null> {
  // The mail server shows names of domains as they are read (RFC 5891), not as they came.
  const [local, domain = ''] = email.split('@')
  const shown = `${local}@${domainToUnicode(domain)}`
  for (let waited = 0; waited < 20_000; waited += 100) {
    for (const { envelope, text } of world.mailbox.messages()) {
      const pin2 = /PIN2 è il seguente: ?(\d{4}-\d{4})/.exec(text)?.[1]
      // Odd addresses come more than once: each visit has a mail of its own.
      if (!pin2 || taken.has(pin2) || !envelope.to.some((to) => to === email || to === shown)) continue
      taken.add(pin2)
      return pin2
    }
    await sleep(100)
  }
  return null
}
