import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { freePort } from '../../scripts/orthanc.ts'

const run = promisify(execFile)

const RSYSLOGD = '/usr/sbin/rsyslogd'

/** A certificate authority and what it signed, as PEM and as files. */
export type Pki = {
  directory: string
  ca: string
  issue: (
    name: string,
    subjectAltName?: string,
  ) => Promise<{ cert: string; key: string; certFile: string; keyFile: string }>
  [Symbol.asyncDispose]: () => Promise<void>
}

export async function testPki(): Promise<Pki> {
  const directory = await mkdtemp(join(tmpdir(), 'ritiro-pki-'))
  const openssl = (...args: string[]) => run('openssl', args, { cwd: directory })
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  await openssl(
    'req',
    '-x509',
    ...curve,
    '-subj',
    '/CN=Test CA',
    '-days',
    '2',
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
  )
  return {
    directory,
    ca: await readFile(join(directory, 'ca.pem'), 'utf8'),
    async issue(name, subjectAltName = 'DNS:localhost,IP:127.0.0.1') {
      await openssl('req', ...curve, '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.csr`)
      await writeFile(join(directory, `${name}.ext`), `subjectAltName=${subjectAltName}\n`)
      const signing = [
        '-CA',
        'ca.pem',
        '-CAkey',
        'ca.key',
        '-CAcreateserial',
        '-days',
        '2',
        '-extfile',
        `${name}.ext`,
      ]
      await openssl('x509', '-req', '-in', `${name}.csr`, ...signing, '-out', `${name}.pem`)
      const certFile = join(directory, `${name}.pem`)
      const keyFile = join(directory, `${name}.key`)
      return {
        certFile,
        keyFile,
        cert: await readFile(certFile, 'utf8'),
        key: await readFile(keyFile, 'utf8'),
      }
    },
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  }
}

export type SyslogReceiver = {
  port: number
  /** Syslog messages as received, without their length, in the order they came. */
  messages: () => Promise<string[]>
  start: () => Promise<void>
  stop: (signal?: 'SIGTERM' | 'SIGKILL') => Promise<void>
  [Symbol.asyncDispose]: () => Promise<void>
}

/** Debian's rsyslog with TLS, as a plain process of the test's own. With `peers` it wants a certificate of one of these names. */
export async function syslogReceiver(
  pki: Pki,
  options: { peers?: string[]; name?: string } = {},
): Promise<SyslogReceiver> {
  const directory = await mkdtemp(join(tmpdir(), 'ritiro-rsyslog-'))
  const server = await pki.issue('repository', options.name)
  const port = await freePort()
  const received = join(directory, 'received.log')
  const mode = options.peers
    ? `StreamDriver.AuthMode="x509/name" PermittedPeer=[${options.peers.map((peer) => `"${peer}"`).join(',')}]`
    : 'StreamDriver.AuthMode="anon"'
  await writeFile(
    join(directory, 'rsyslog.conf'),
    `global(workDirectory="${directory}" maxMessageSize="64k" net.enableDNS="off"
  defaultNetstreamDriverCAFile="${join(pki.directory, 'ca.pem')}"
  defaultNetstreamDriverCertFile="${server.certFile}"
  defaultNetstreamDriverKeyFile="${server.keyFile}")
module(load="imtcp" StreamDriver.Name="gtls" StreamDriver.Mode="1" ${mode})
template(name="raw" type="string" string="%rawmsg%\\n")
ruleset(name="audit") { action(type="omfile" file="${received}" template="raw") }
input(type="imtcp" port="${port}" address="127.0.0.1" ruleset="audit")
`,
  )
  let child: ChildProcess | null = null

  const receiver: SyslogReceiver = {
    port,
    async messages() {
      const text = existsSync(received) ? await readFile(received, 'utf8') : ''
      return text.split('\n').filter((line) => line !== '')
    },
    async start() {
      child = spawn(RSYSLOGD, ['-n', '-f', join(directory, 'rsyslog.conf'), '-i', 'NONE'], {
        stdio: 'ignore',
      })
      const deadline = Date.now() + 30_000
      while (!(await listens(port))) {
        if (Date.now() > deadline || child.exitCode !== null) {
          await receiver.stop('SIGKILL')
          throw new Error('rsyslogd did not start')
        }
        await sleep(50)
      }
    },
    async stop(signal = 'SIGTERM') {
      const ending = child
      child = null
      if (!ending || ending.exitCode !== null) return
      const ended = new Promise((done) => ending.once('exit', done))
      ending.kill(signal)
      await ended
    },
    async [Symbol.asyncDispose]() {
      await receiver.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
  await receiver.start().catch(async (error: unknown) => {
    await receiver[Symbol.asyncDispose]()
    throw error
  })
  return receiver
}

function listens(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      done(true)
    })
    socket.once('error', () => done(false))
  })
}
