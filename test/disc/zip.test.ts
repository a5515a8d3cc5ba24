import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { planZip, writeZip, type ZipFile, type ZipPlan } from '../../src/disc/zip/zip.ts'
import { dicomFile } from '../support/dicom.ts'
import { archiveOf, bytesOfDisc, discOf } from '../support/disc.ts'
import { everyKind, series } from '../support/radiology.ts'

type TestFile = ZipFile & { bytes: Buffer }

const DATE = new Date('2026-11-23T10:15:30Z')
const FILES = [
  file('INDEX.HTM', 10),
  file('vuoto', 0),
  file('Referti/Perché non è più così ✓.pdf', 777),
  ...Array.from({ length: 120 }, (_, index) => file(`DICOM/PT000000/IM${index}`, index * 11)),
]

describe('an archive', () => {
  const directory = mkdtempSync(join(tmpdir(), 'ritiro-zip-'))
  const path = join(directory, 'test.zip')
  const plan = planZip(FILES, DATE)
  let whole: Buffer
  beforeAll(async () => {
    whole = await collect(plan)
    writeFileSync(path, whole)
  })
  afterAll(() => rmSync(directory, { recursive: true }))

  test('is as long as was planned, and the same every time', async () => {
    expect(whole.byteLength).toBe(plan.size)
    expect((await collect(planZip(FILES, DATE))).equals(whole)).toBe(true)
  })

  test('from any byte to any byte equals the uncut one, and opens only what lies there', async () => {
    const around = plan.extents.flatMap(({ start, end, header }) => [
      start - header.byteLength,
      start - 1,
      start,
      end,
    ])
    const interesting = [0, 1, ...around, plan.size - plan.tail.byteLength, plan.size - 1, plan.size]
    const cuts = interesting.flatMap((start, index) =>
      [start + 1, start + 100, interesting[(index * 7) % interesting.length] ?? 0].map((end) => [
        Math.min(start, end),
        Math.min(plan.size, Math.max(start, end)),
      ]),
    )
    for (const [start = 0, end = 0] of cuts) {
      const opened: string[] = []
      const part = await collect(plan, { start, end }, opened)
      if (!part.equals(whole.subarray(start, end))) throw new Error(`bytes ${start}–${end} differ`)
      const there = plan.extents.filter((e) => Math.max(start, e.start) < Math.min(end, e.end))
      expect(opened).toEqual(there.map((extent) => extent.file.path))
    }
  })

  test('is whole and right to unzip, zipinfo, 7z, bsdtar, Python and Java', () => {
    expect(run('unzip', '-tqq', path)).toBe('')
    expect(run('zipinfo', '-T', path)).toMatch(/-rw-r--r-- .* bx stor 20261123\.101530 /)
    expect(run('7z', 't', path)).toContain('Everything is Ok')
    const names = FILES.map((each) => each.path).toSorted()
    expect(run('bsdtar', '-tf', path).trim().split('\n').toSorted()).toEqual(names)
    const python = `
import sys, zipfile, hashlib
z = zipfile.ZipFile(sys.argv[1])
assert z.testzip() is None
for i in z.infolist():
    assert i.compress_type == 0 and i.flag_bits == 0x800 and i.date_time == (2026, 11, 23, 10, 15, 30), i
    print(hashlib.sha256(z.read(i)).hexdigest(), i.filename)`
    const expected = FILES.map(({ bytes, path: name }) => `${sha256(bytes)} ${name}`)
    expect(run('/usr/bin/python3', '-c', python, path).trim().split('\n')).toEqual(expected)
  })

  test.skipIf(!has('jar'))('Java finds each name and every byte', () => {
    const out = join(directory, 'java')
    const script = 'mkdir "$0" && cd "$0" && jar --list --file "$1" && jar --extract --file "$1"'
    expect(run('bash', '-c', script, out, path).trim().split('\n').length).toBe(FILES.length)
    expect(run('bash', '-c', 'cd "$0" && sha256sum DICOM/PT000000/IM99', out)).toContain(
      sha256(FILES.find(({ path: name }) => name.endsWith('IM99'))?.bytes ?? Buffer.alloc(0)),
    )
  })

  test('gives the same bytes by bsdtar and unzip, which reads from the central directory', () => {
    for (const [tool, ...args] of [
      ['unzip', '-qq', path, '-d', join(directory, 'unzip')],
      ['bash', '-c', `mkdir ${directory}/bsdtar && bsdtar -xf ${path} -C ${directory}/bsdtar`],
      // From a pipe no reader can look at the end first: it must find its way by the headers alone.
      ['bash', '-c', `mkdir ${directory}/pipe && cat ${path} | bsdtar -xf - -C ${directory}/pipe`],
    ]) {
      execFileSync(tool ?? '', args)
    }
    for (const out of ['unzip', 'bsdtar', 'pipe']) {
      const sums = run('bash', '-c', 'cd "$0" && sha256sum DICOM/PT000000/* INDEX.HTM', join(directory, out))
      for (const { path: name, bytes } of FILES) {
        if (/^(DICOM|INDEX)/.test(name)) expect(sums).toContain(`${sha256(bytes)}  ${name}\n`)
      }
    }
  })

  test.each(['', '/a', 'a//b', '../a', 'a/..', 'a\\b', 'a:b', 'a\nb', 'a/'])(
    'has no file named %j',
    (bad) => {
      expect(() => planZip([{ path: bad, size: 0, crc32: 0 }], DATE)).toThrow(/not a path/)
    },
  )

  test('refuses two files of one name, and a source that gives other than was planned', async () => {
    expect(() => planZip([file('A', 1), file('A', 2)], DATE)).toThrow(/two files/)
    for (const given of [4, 6]) {
      const writing = drain(writeZip(planZip([file('A', 5)], DATE), () => Buffer.alloc(given)))
      await expect(writing).rejects.toThrow(/5 bytes planned/)
    }
  })
})

describe('ZIP64', () => {
  const GIB = 2 ** 30

  test('a small archive does without it: the oldest readers open it', async () => {
    const bytes = await collect(planZip(FILES, DATE))
    expect(bytes.includes('PK\x06\x06')).toBe(false)
    expect(bytes.readUInt16LE(4)).toBe(10)
  })

  test('a file over 4 GiB, and files beyond 4 GiB, are found by unzip, zipinfo, 7z, bsdtar and Python', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'ritiro-zip64-'))
    const path = join(directory, 'large.zip')
    try {
      // Only the first and the last KiB hold anything: the rest is a hole in a sparse file.
      const large: ZipFile = { path: 'DICOM/LARGE', size: 5 * GIB, crc32: 0 }
      const last = file('ULTIMO.TXT', 1000)
      const plan = planZip<ZipFile>([file('PRIMO.TXT', 1000), large, last], DATE)
      const handle = openSync(path, 'w')
      ftruncateSync(handle, plan.size)
      const [first, middle, end] = plan.extents
      if (!first || !middle || !end) throw new Error('three files were planned')
      const put = (bytes: Uint8Array, at: number) => writeSync(handle, bytes, 0, bytes.byteLength, at)
      put(await collectPart(plan, 0, middle.start), 0)
      put(await collectPart(plan, middle.end, plan.size), middle.end)
      closeSync(handle)

      const listed = run('zipinfo', '-l', path)
      expect(listed).toMatch(/5368709120 .* DICOM\/LARGE/)
      expect(run('unzip', '-p', path, 'ULTIMO.TXT')).toBe(last.bytes.toString())
      expect(run('7z', 'l', path)).toMatch(/5368709120 +5368709120 +DICOM.LARGE/)
      expect(run('bsdtar', '-xOf', path, 'ULTIMO.TXT')).toBe(last.bytes.toString())
      const python = `
import sys, zipfile
z = zipfile.ZipFile(sys.argv[1])
print(z.getinfo('DICOM/LARGE').file_size, z.read('ULTIMO.TXT').decode(), end='')`
      expect(run('/usr/bin/python3', '-c', python, path)).toBe(`5368709120 ${last.bytes}`)
    } finally {
      rmSync(directory, { recursive: true })
    }
  })

  test('66,000 files are all found', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'ritiro-zip64-'))
    const path = join(directory, 'many.zip')
    try {
      const files = Array.from({ length: 66_000 }, (_, index) => ({
        path: `DICOM/IM${index}`,
        size: 0,
        crc32: 0,
        bytes: Buffer.alloc(0),
      }))
      writeFileSync(path, await collect(planZip(files, DATE)))
      expect(run('zipinfo', '-h', path)).toContain('number of entries: 66000')
      expect(run('bsdtar', '-tf', path).trim().split('\n').length).toBe(66_000)
      expect(run('7z', 'l', path)).toMatch(/66000 files/)
    } finally {
      rmSync(directory, { recursive: true })
    }
  })
})

test('the ZIP of a disc holds what its ISO holds, byte for byte, and its checksums hold', async () => {
  const archive = archiveOf([...everyKind(), ...series(5).map((dataSet) => dicomFile(dataSet))])
  const plan = await discOf(archive)
  const directory = mkdtempSync(join(tmpdir(), 'ritiro-zip-'))
  try {
    for (const packing of ['iso', 'zip'] as const) {
      writeFileSync(join(directory, `disc.${packing}`), await bytesOfDisc(plan[packing], archive))
      run('7z', 'x', '-y', `-o${join(directory, packing)}`, join(directory, `disc.${packing}`))
    }
    run('diff', '-r', join(directory, 'iso'), join(directory, 'zip'))
    run('bash', '-c', 'cd "$0" && sha256sum --quiet -c SHA256.TXT', join(directory, 'zip'))
    expect(plan.zip.etag).not.toBe(plan.iso.etag)
  } finally {
    rmSync(directory, { recursive: true })
  }
})

function file(path: string, size: number): TestFile {
  const bytes = Buffer.from(Array.from({ length: size }, (_, index) => 33 + ((index * 7 + size) % 90)))
  return { path, size, crc32: crc32(bytes), bytes }
}

async function collect(
  plan: ZipPlan<TestFile>,
  range?: { start: number; end: number },
  opened: string[] = [],
): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  const open = (wanted: TestFile, start: number, end: number) => {
    opened.push(wanted.path)
    return wanted.bytes.subarray(start, end)
  }
  for await (const chunk of writeZip(plan, open, range)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** Of a plan of which only what lies in the range has bytes. */
async function collectPart(plan: ZipPlan<ZipFile>, start: number, end: number): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  const open = (wanted: ZipFile, from: number, to: number) =>
    file(wanted.path, wanted.size).bytes.subarray(from, to)
  for await (const chunk of writeZip(plan, open, { start, end })) chunks.push(chunk)
  return Buffer.concat(chunks)
}

async function drain(chunks: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of chunks);
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

function has(command: string): boolean {
  try {
    return run('which', command) !== ''
  } catch {
    return false
  }
}

const run = (command: string, ...args: string[]): string =>
  execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 2 ** 26 })
