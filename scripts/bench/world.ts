import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { demoSigner } from '../demo-data/sign.ts'
import { DEMO_PHYSICIAN, DEMO_VISITS } from '../demo-data/visits.ts'
import { createApiKey, type RunningGateway, startGateway } from '../demo-run/gateway.ts'
import { openState } from '../demo-run/state.ts'
import { awaitPublication, deliverVisit } from '../demo-run/visits.ts'
import { startMailbox } from '../mailbox.ts'
import { freePort, type RunningOrthanc, startOrthanc } from '../orthanc.ts'

export type BenchWorld = {
  directory: string
  orthanc: RunningOrthanc
  /** Orthanc's own id of the study, and the files that were sent into it. */
  studyId: string
  files: string[]
  url: string
  gatewayPid: () => number
  /** A session's cookie and the publication it opens. */
  cookie: string
  publicationId: string
  /** Starts the gateway anew, with other settings if need be; sessions stay. */
  restart: (environment?: Record<string, string>) => Promise<void>
  end: () => Promise<void>
}

// Generated once: the same slices, whenever and wherever.
const KEPT = resolve('var/bench')
const EXAM_DATE = '2026-11-20'

/** Real processes in a private folder: Orthanc, mail server, the built gateway; one CT study published, one patient signed in. */
export async function startBenchWorld(slices: number, say: (text: string) => void): Promise<BenchWorld> {
  const directory = await mkdtemp(join(tmpdir(), 'ritiro-bench-'))
  const closing: (() => Promise<unknown>)[] = [() => rm(directory, { recursive: true, force: true })]
  const end = async () => {
    for (const close of closing.splice(0).reverse()) await close().catch(() => undefined)
  }
  try {
    const [visit] = DEMO_VISITS
    if (!visit) throw new Error('the demo has no visit')
    const { accessionNumber, patient, exam, reportText } = visit
    say(`generating ${slices} slices (once: they are kept in ${KEPT}) …`)
    const study = { patient, accessionNumber, studyDate: EXAM_DATE, slices }
    const { files } = await visit.generate({ ...study, directory: join(KEPT, `ct-${slices}`) })

    const orthanc = await startOrthanc({ directory: join(directory, 'orthanc'), stableAge: 1 })
    closing.push(() => orthanc.kill())
    const mailbox = await startMailbox({ directory: join(directory, 'mails') })
    closing.push(() => mailbox.stop())
    const signer = await demoSigner(join(directory, 'signer'), DEMO_PHYSICIAN)
    const secret = () => randomBytes(32).toString('base64')
    const settings = {
      RITIRO_MODE: 'development',
      PORT: String(await freePort()),
      DATA_DIR: join(directory, 'data'),
      PIN_PEPPER: secret(),
      ENCRYPTION_KEY: secret(),
      ORTHANC_URL: orthanc.url,
      ORTHANC_USER: orthanc.user,
      ORTHANC_PASSWORD: orthanc.password,
      SMTP_URL: mailbox.smtpUrl,
      MAIL_FROM: 'no-reply@ospedale.example',
      ORGANISATION_NAME: 'Ospedale di prova',
    }
    const key = await createApiKey(settings)
    let gateway: RunningGateway = await startGateway(settings, join(directory, 'gateway.log'))
    closing.push(() => gateway.stop())

    say('sending them by C-STORE, publishing, signing in …')
    const api = { url: `${gateway.url}/api/v1`, key }
    const state = await openState(directory)
    const played = await deliverVisit({
      visit: { accessionNumber, patient, exam, examDate: EXAM_DATE, reportText, files },
      ...{
        state,
        api,
        orthanc,
        mailbox,
        signer,
        directory: join(directory, 'reports'),
        say: () => undefined,
      },
    })
    const { pin1, pin2 } = await awaitPublication(played)
    const { cookie, publicationId } = await signIn(gateway.url, pin1, pin2)
    const [studyId] = (await (await orthanc.request('/studies')).json()) as string[]
    if (!studyId) throw new Error('Orthanc has no study')
    return {
      ...{ directory, orthanc, studyId, files, url: gateway.url, cookie, publicationId, end },
      gatewayPid: () => gateway.pid,
      async restart(environment = {}) {
        await gateway.stop()
        gateway = await startGateway({ ...settings, ...environment }, join(directory, 'gateway.log'))
      },
    }
  } catch (error) {
    await end()
    throw error
  }
}

async function signIn(url: string, pin1: string, pin2: string) {
  const answer = await fetch(`${url}/accesso`, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'sec-fetch-site': 'same-origin' },
    body: new URLSearchParams({ pin1, pin2 }),
  })
  const given = answer.headers.getSetCookie().find((value) => value.startsWith('__Host-ritiro='))
  const cookie = given?.split(';')[0] ?? ''
  const list = await (await fetch(`${url}/referti`, { headers: { cookie } })).text()
  const publicationId = /\/referti\/([0-9a-f-]{36})/.exec(list)?.[1]
  if (!publicationId) throw new Error(`signing in answered ${answer.status}, and no report is listed`)
  return { cookie, publicationId }
}
