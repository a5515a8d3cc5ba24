import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { totpCode } from '../src/staff/totp.ts'
import { demoSigner } from './demo-data/sign.ts'
import { DEMO_PHYSICIAN } from './demo-data/visits.ts'
import { createApiKey, createDemoStaff, type DemoStaff, startGateway } from './demo-run/gateway.ts'
import { mllpClient } from './demo-run/mllp.ts'
import { scannedVisits } from './demo-run/scanned.ts'
import { openState } from './demo-run/state.ts'
import { awaitPublication, type DemoVisitRun, deliverVisit, syntheticVisits } from './demo-run/visits.ts'
import { startMailbox } from './mailbox.ts'
import { freePort, startOrthanc } from './orthanc.ts'

const USAGE = `usage: ./scripts/demo [options]
  --port N      port of the portal (default 8080, or a free one where that is taken)
  --dicom DIR   send these DICOM files instead of the two synthetic exams
  --slices N    make the synthetic exams smaller: at most N images in each stack (default: 500 and all)
  --hl7         register and deliver by HL7 messages over MLLP, and show them
  --data DIR    where everything is kept; a second start with it goes on from there (default var/demo)
  --json FILE   write addresses, key and PINs here once everything is published`

const PREFERRED_PORT = 8080

async function main(): Promise<void> {
  const options = readOptions()
  const directory = options.data
  await mkdir(directory, { recursive: true })
  const state = await openState(directory)
  // One of an earlier start tells of what is no more.
  if (options.json)
    await Promise.all([options.json, `${options.json}.new`].map((file) => rm(file, { force: true })))
  const closing: (() => Promise<unknown>)[] = []
  const close = async () => {
    for (const stop of closing.splice(0).reverse()) await stop().catch(() => undefined)
  }
  let stopping = false
  const stop = async (code: number) => {
    if (stopping) return
    stopping = true
    await close()
    process.exit(code)
  }
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      say('\nStopping …')
      void stop(0)
    })
  }

  try {
    say('Starting the archive (Orthanc) and the mail server …')
    const orthanc = await startOrthanc({
      directory: join(directory, 'orthanc'),
      password: state.secrets.orthancPassword,
      stableAge: 2,
    })
    closing.push(() => orthanc.stop())
    const mailbox = await startMailbox({
      directory: join(directory, 'mails'),
      verificationCode: () => (state.desk ? totpCode(state.desk.secret, new Date()) : null),
    })
    closing.push(() => mailbox.stop())
    const signer = await demoSigner(join(directory, 'signer'), DEMO_PHYSICIAN)

    say('Starting the portal …')
    const port = options.port ?? (await freePortFrom(PREFERRED_PORT))
    const hl7Port = await freePort()
    const environment = {
      HL7_PORT: String(hl7Port),
      RITIRO_MODE: 'development',
      PORT: String(port),
      DATA_DIR: directory,
      PIN_PEPPER: state.secrets.pinPepper,
      ENCRYPTION_KEY: state.secrets.encryptionKey,
      ORTHANC_URL: orthanc.url,
      ORTHANC_USER: orthanc.user,
      ORTHANC_PASSWORD: orthanc.password,
      SMTP_URL: mailbox.smtpUrl,
      MAIL_FROM: 'no-reply@ospedale-dimostrativo.example',
      ORGANISATION_NAME: 'Ospedale dimostrativo Ritiro',
      ORGANISATION_PHONE: '000 000 0000',
      ORGANISATION_EMAIL: 'referti@ospedale-dimostrativo.example',
      ORGANISATION_HOURS: 'lunedì–venerdì 8–18',
      TRUSTED_CERTIFICATES_FILE: signer.caFile,
    }
    state.apiKey ??= await createApiKey(environment)
    state.desk ??= await createDemoStaff(environment)
    await state.save()
    const gateway = await startGateway(environment, join(directory, 'gateway.log'))
    closing.push(() => gateway.stop())
    gateway.ended.then((why) => {
      if (stopping) return
      say(`\nThe portal has stopped by itself. ${why}`)
      void stop(1)
    })
    const api = { url: `${gateway.url}/api/v1`, key: state.apiKey }

    const hl7 = options.hl7 ? await mllpClient({ port: hl7Port }) : null
    closing.push(async () => hl7?.close())

    const visits = options.dicom
      ? await scannedVisits(options.dicom, join(directory, 'given'), say)
      : await syntheticVisits(join(directory, 'dicom'), options.slices, say)
    const played = []
    for (const visit of visits) {
      const reports = join(directory, 'reports')
      played.push(
        await deliverVisit({ visit, state, api, orthanc, mailbox, signer, directory: reports, hl7, say }),
      )
    }
    say('Waiting for the archive, the publication and the mails …')
    const done: DemoVisitRun[] = []
    for (const visit of played) done.push(await awaitPublication(visit))

    if (options.json) {
      const { administrator } = orthanc
      const summary = {
        portal: gateway.url,
        api: api.url,
        apiKey: api.key,
        mailbox: mailbox.url,
        desk: { url: `${gateway.url}/desk`, ...state.desk },
        orthanc: { http: orthanc.url, dicom: orthanc.dicomPort, aet: orthanc.aet, ...administrator },
        visits: done.map(({ accessionNumber, pin1, pin2, studyInstanceUids }) => ({
          accessionNumber,
          pin1,
          pin2,
          studyInstanceUids,
        })),
      }
      // Keys, passwords and PINs: for its owner alone, and whole from the moment it is there.
      await writeFile(`${options.json}.new`, `${JSON.stringify(summary, null, 2)}\n`, { mode: 0o600 })
      await rename(`${options.json}.new`, options.json)
    }
    tell(gateway.url, mailbox.url, state.desk, done)
  } catch (error) {
    say(error instanceof Error ? `\n${error.message}` : String(error))
    await stop(1)
  }
}

function readOptions() {
  // Paths are the person's, who may have started us from another folder.
  const from = process.env.RITIRO_STARTED_IN ?? process.cwd()
  try {
    const { values } = parseArgs({
      options: {
        port: { type: 'string' },
        dicom: { type: 'string' },
        data: { type: 'string' },
        slices: { type: 'string' },
        hl7: { type: 'boolean', default: false },
        json: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    })
    if (values.help) {
      say(USAGE)
      process.exit(0)
    }
    const port = values.port === undefined ? null : Number(values.port)
    if (port !== null && !(Number.isInteger(port) && port > 0 && port < 65_536))
      throw new Error(`--port ${values.port} is not a port`)
    const slices = values.slices === undefined ? null : Number(values.slices)
    if (slices !== null && !(Number.isInteger(slices) && slices > 0))
      throw new Error(`--slices ${values.slices} is not a number of images`)
    const path = (value: string) => resolve(from, value)
    return {
      port,
      dicom: values.dicom === undefined ? null : path(values.dicom),
      slices,
      hl7: values.hl7,
      data: values.data === undefined ? resolve('var/demo') : path(values.data),
      json: values.json === undefined ? null : path(values.json),
    }
  } catch (error) {
    say(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`)
    process.exit(2)
  }
}

async function freePortFrom(wanted: number): Promise<number> {
  const { createServer } = await import('node:net')
  const free = await new Promise<boolean>((done) => {
    const probe = createServer()
    probe.once('error', () => done(false))
    probe.listen(wanted, '127.0.0.1', () => probe.close(() => done(true)))
  })
  return free ? wanted : freePort()
}

function tell(portal: string, mailbox: string, desk: DemoStaff, visits: DemoVisitRun[]): void {
  const lines = visits.flatMap((visit) => [
    '',
    `  ${visit.patientName}, visit ${visit.accessionNumber}`,
    ...pinLines(visit),
  ])
  const online = visits.filter(({ online }) => online).length
  say(`
${online === visits.length ? 'Everything is published.' : `${online} of ${visits.length} visits are online.`}

  Portal    ${portal}
  E-mails   ${mailbox}
  Desk      ${portal}/desk
            user ${desk.user}, password ${desk.password}, code: ${new URL('/codice', mailbox).href}
${lines.join('\n')}

What to try: open the portal, type PIN1 and PIN2, press "Entra"; then for an exam
  "Visualizza referto"                      the report, shown in the page
  "Scarica il tuo referto firmato"          the signed file, as delivered
  "Visualizza immagini"                     the images in OHIF
  "Scarica immagini"                        the disc, an .iso with DICOMDIR and report

Ctrl-C stops everything; the same command again goes on from here.`)
}

function pinLines({ online, pin1, pin2, mail }: DemoVisitRun): string[] {
  if (!online)
    return [
      '    not online: it was removed, withdrawn or excluded, or its days are over, and that stays so.',
      '    Another --data DIR begins anew.',
    ]
  return [
    `    PIN1  ${grouped(pin1)}   (printed on the slip at the desk)`,
    `    PIN2  ${pin2 ? grouped(pin2) : '—: the visit has no e-mail any more'}${pin2 ? '        (received by e-mail)' : ''}`,
    ...(mail ? ['', ...mailLines(mail)] : []),
  ]
}

const mailLines = ({ from, subject, text, envelope }: NonNullable<DemoVisitRun['mail']>) =>
  [
    `From: ${from}`,
    `To: ${envelope.to.join(', ')}`,
    `Subject: ${subject}`,
    '',
    ...text.trim().split('\n'),
  ].map((line) => `    | ${line}`.trimEnd())

const grouped = (pin: string) => pin.match(/.{1,4}/g)?.join('-') ?? pin

function say(text: string): void {
  console.error(text)
}

await main()
