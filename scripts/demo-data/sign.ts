import { execFile } from 'node:child_process'
import { access, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

export type DemoSigner = {
  /** The demo authority's certificate (PEM): what a verifier is told to trust. */
  caFile: string
  certificateFile: string
  keyFile: string
}

export type SignerIdentity = { givenName: string; familyName: string; taxCode: string }

const run = promisify(execFile)
const YEARS = 10

/**
 * A demo authority and a signer's certificate below it, made once in `directory` and found there afterwards. The
 * subject is written as Italian qualified certificates have it: serialNumber TINIT-<codice fiscale>
 * (ETSI EN 319 412-1 §5.1.3).
 */
export async function demoSigner(directory: string, identity: SignerIdentity): Promise<DemoSigner> {
  const signer = {
    caFile: join(directory, 'ca.pem'),
    certificateFile: join(directory, 'signer.pem'),
    keyFile: join(directory, 'signer.key'),
  }
  const made = await Promise.all(Object.values(signer).map(exists))
  if (made.every(Boolean)) return signer
  await makeSigner(directory, identity)
  return signer
}

/** Signs any file into a CAdES-BES envelope that holds it (`.p7m`). */
export async function signP7m(signer: DemoSigner, input: string, output: string): Promise<void> {
  await run('openssl', [
    ...['cms', '-sign', '-cades', '-nodetach', '-binary', '-md', 'sha256', '-outform', 'DER'],
    ...['-signer', signer.certificateFile, '-inkey', signer.keyFile, '-certfile', signer.caFile],
    ...['-in', input, '-out', output],
  ])
}

async function makeSigner(directory: string, identity: SignerIdentity): Promise<void> {
  await mkdir(directory, { recursive: true })
  // Everything is made beside and moved at the end: a stop half-way leaves no half signer.
  const making = join(directory, 'making')
  await rm(making, { recursive: true, force: true })
  await mkdir(making, { mode: 0o700 })
  const file = (name: string) => join(making, name)
  const subjectName = `${identity.familyName} ${identity.givenName}`.toUpperCase()
  const subject = [
    'C = IT',
    `serialNumber = TINIT-${identity.taxCode}`,
    `surname = ${identity.familyName.toUpperCase()}`,
    `givenName = ${identity.givenName.toUpperCase()}`,
    `commonName = ${subjectName}`,
  ]
  await writeFile(file('ca.cnf'), CA_CONFIGURATION)
  await writeFile(file('signer.cnf'), signerConfiguration(subject))
  await certificate(file, 'ca', [])
  await certificate(file, 'signer', ['-CA', file('ca.pem'), '-CAkey', file('ca.key')])
  for (const name of ['signer.key', 'signer.pem', 'ca.pem']) await rename(file(name), join(directory, name))
  // The authority has signed the one certificate it was made for: its key is thrown away.
  await rm(making, { recursive: true })
}

async function certificate(file: (name: string) => string, name: string, issuer: string[]): Promise<void> {
  await run('openssl', [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-sha256', '-noenc', '-utf8', '-days', String(YEARS * 365)],
    ...[
      '-config',
      file(`${name}.cnf`),
      '-keyout',
      file(`${name}.key`),
      '-out',
      file(`${name}.pem`),
      ...issuer,
    ],
  ])
}

const CA_CONFIGURATION = `[req]
prompt = no
distinguished_name = name
x509_extensions = extensions
[name]
C = IT
organizationName = Ritiro
organizationalUnitName = Dati dimostrativi
commonName = Ritiro - Autorita dimostrativa senza valore legale
[extensions]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
`

// Key usage nonRepudiation alone, as signature certificates have it.
const signerConfiguration = (subject: string[]) => `[req]
prompt = no
distinguished_name = name
x509_extensions = extensions
[name]
${subject.join('\n')}
[extensions]
basicConstraints = critical, CA:FALSE
keyUsage = critical, nonRepudiation
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
`

const exists = (file: string) =>
  access(file).then(
    () => true,
    () => false,
  )
