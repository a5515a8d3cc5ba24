import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { SETTINGS } from '../../src/config.ts'

// Its lines are read here as they are laid out, so that the rules hold without Docker; Compose itself reads it below.
const text = readFileSync('compose.yaml', 'utf8')
const services = new Map(
  blocksOf(text, 'services').map(([name, block]) => [name, block.replace('<<: *hardened', anchored())]),
)
const hasCompose = spawnSync('docker', ['compose', 'version']).status === 0

test('the proxy’s two ports and the DICOM port are published, and no other', () => {
  const published = [...services].flatMap(([name, block]) =>
    listOf(block, 'ports').map((port) => [name, port]),
  )
  expect(published).toEqual([
    ['proxy', '80:80'],
    ['proxy', '443:443'],
    ['orthanc', '4242:4242'],
  ])
  expect(text).not.toContain('network_mode')
})

test('S46: Orthanc is 26.4.0 (Orthanc 1.12.11) or later, every image is pinned', () => {
  const images = [...text.matchAll(/^ {4}image: (.+)$/gm)].map(([, image]) => image ?? '')
  const [year = 0, month = 0] = /orthancteam\/orthanc:(\d+)\.(\d+)\./.exec(text)?.slice(1).map(Number) ?? []
  expect(year * 100 + month).toBeGreaterThanOrEqual(2604)
  expect(images.filter((image) => image !== 'ritiro-gateway' && !/:\d[\w.-]+$/.test(image))).toEqual([])
})

test('S46: Orthanc reads the delivered configuration and its list of routes', () => {
  const orthanc = services.get('orthanc') ?? ''
  expect(orthanc).toContain('./orthanc/orthanc.json:/etc/orthanc/orthanc.json:ro')
  expect(orthanc).toContain('./orthanc/routes.lua:/etc/orthanc/routes.lua:ro')
  expect(orthanc).toContain('"LuaScripts": ["/etc/orthanc/routes.lua"]')
  expect(listOf(orthanc, 'networks')).toEqual(['archive', 'modalities'])
})

test('every service has a health check, a read-only file system and no privileges to gain', () => {
  expect([...services.keys()]).toEqual(['proxy', 'gateway', 'database', 'orthanc'])
  for (const block of services.values()) {
    for (const line of ['healthcheck:', 'read_only: true', 'cap_drop: [ALL]', "['no-new-privileges:true']"])
      expect(block).toContain(line)
  }
})

test('S42: the gateway believes X-Forwarded-For from the proxy’s own address alone', () => {
  const address = /ipv4_address: (\S+)/.exec(services.get('proxy') ?? '')?.[1]
  expect(address).toBeDefined()
  expect(services.get('gateway')).toContain(`TRUSTED_PROXIES: ${address}\n`)
})

test('every secret comes by file, and no value of one stands in what is under version control', () => {
  const gateway = services.get('gateway') ?? ''
  for (const setting of Object.values(SETTINGS)) {
    if (!('secret' in setting)) continue
    expect(gateway).toContain(`${setting.name}_FILE: /run/secrets/${setting.name.toLowerCase()}\n`)
    expect(text).not.toMatch(new RegExp(`\\b${setting.name}:`))
  }
  for (const [name, block] of blocksOf(text, 'secrets'))
    expect(block).toContain(`file: deploy/secrets/${name}`)
  expect(text).not.toMatch(/:\/\/[^\s/@]+:[^\s/@]+@/)
  const kept = execFileSync('git', ['ls-files', 'deploy'], { encoding: 'utf8' }).split('\n')
  expect(kept.filter((file) => /secrets\/|tls\/|settings\.env$/.test(file))).toEqual([
    'deploy/secrets/.gitignore',
    'deploy/secrets/README.md',
    'deploy/tls/.gitignore',
  ])
})

test('make-secrets makes the files that the services ask for, once, in a folder closed to others', () => {
  const directory = copyOfDeploy()
  const run = (input: string) => spawnSync(join(directory, 'make-secrets'), { input, encoding: 'utf8' })
  const read = (name: string) => readFileSync(join(directory, 'secrets', name), 'utf8').trim()
  expect(run('').status).toBe(1)
  expect(run('smtp://user:password@mail.example:587\n').status).toBe(0)
  const names = [...text.matchAll(/file: deploy\/secrets\/(\S+)/g)].map(([, name]) => name ?? '')
  expect(names).toHaveLength(12)
  const before = names.map(read)
  expect(run('').stdout).toBe('')
  expect(names.map(read)).toEqual(before)
  expect(read('database_url')).toBe(`postgres://ritiro:${read('database_password')}@database:5432/ritiro`)
  expect(JSON.parse(read('orthanc_users.json'))).toEqual({
    RegisteredUsers: { ritiro: read('orthanc_password') },
  })
  expect(Buffer.from(read('pin_pepper'), 'base64')).toHaveLength(32)
  expect(statSync(join(directory, 'secrets')).mode & 0o777).toBe(0o700)
  expect(statSync(join(directory, 'secrets/smtp_url')).mode & 0o777).toBe(0o444)
  rmSync(directory, { recursive: true })
})

test('the Dockerfile copies only what is there, and the build’s context lets it in', () => {
  const dockerfile = readFileSync('Dockerfile', 'utf8')
  const allowed = readFileSync('.dockerignore', 'utf8')
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(
    ([, files]) => files?.split(' ') ?? [],
  )
  expect(copied).toEqual(expect.arrayContaining(['package.json', 'package-lock.json', 'db']))
  for (const file of copied) {
    expect(existsSync(file)).toBe(true)
    if (file !== '.') expect(allowed).toContain(`\n!${file}\n`)
  }
})

test.skipIf(!hasCompose)('Compose reads the file and resolves the same published ports', () => {
  const root = mkdtempSync(join(tmpdir(), 'ritiro-compose-'))
  cpSync('compose.yaml', join(root, 'compose.yaml'))
  cpSync('deploy', join(root, 'deploy'), { recursive: true })
  cpSync('deploy/settings.env.example', join(root, 'deploy/settings.env'))
  const answer = execFileSync('docker', ['compose', 'config', '--format', 'json'], {
    cwd: root,
    encoding: 'utf8',
  })
  const model = JSON.parse(answer) as { services: Record<string, { ports?: { published: string }[] }> }
  const published = Object.values(model.services).flatMap(({ ports = [] }) =>
    ports.map((port) => port.published),
  )
  expect(published.toSorted()).toEqual(['4242', '443', '80'])
  rmSync(root, { recursive: true })
})

function copyOfDeploy(): string {
  const directory = mkdtempSync(join(tmpdir(), 'ritiro-deploy-'))
  cpSync('deploy/make-secrets', join(directory, 'make-secrets'))
  cpSync('deploy/secrets/README.md', join(directory, 'secrets/README.md'))
  return directory
}

function anchored(): string {
  return /^x-hardened: &hardened\n((?: {2}.*\n)+)/m.exec(text)?.[1] ?? ''
}

/** The entries of a top-level mapping, each with its lines. */
function blocksOf(yaml: string, key: string): [string, string][] {
  const section = new RegExp(`^${key}:\\n((?: .*\\n|\\n)+)`, 'm').exec(yaml)?.[1] ?? ''
  return section.split(/^(?= {2}[\w-]+:)/m).flatMap((block): [string, string][] => {
    const name = /^ {2}([\w-]+):/.exec(block)?.[1]
    return name === undefined ? [] : [[name, block]]
  })
}

/** A list of a service, written in one line or in several. */
function listOf(block: string, key: string): string[] {
  const inline = new RegExp(`^ {4}${key}: \\[(.*)\\]$`, 'm').exec(block)?.[1]
  if (inline !== undefined) return inline.split(/, ?/)
  const lines = new RegExp(`^ {4}${key}:\\n((?: {6}- .*\\n)+)`, 'm').exec(block)?.[1] ?? ''
  return [...lines.matchAll(/^ {6}- '?([^'\n]+)'?$/gm)].map(([, item]) => item ?? '')
}
