import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ImagePlan, planImage, writeImage } from '../../src/disc/iso9660/iso9660.ts'

type TestFile = { path: string; isoPath: string; size: number; bytes: Buffer }

const LABEL = { volumeId: 'TEST_1', publisher: 'RITIRO', application: 'RITIRO' }
const DATE = new Date('2026-11-23T10:15:30Z')

/** Files of every size around a sector, two levels of directories, one directory over several sectors. */
const FILES: TestFile[] = [
  file('INDEX.HTM', 'Indice della pagina.html', 10),
  file('EMPTY', 'vuoto', 0),
  ...[1, 2047, 2048, 2049, 4096, 5000].map((size, index) =>
    file(`SIZES/S${index}.BIN`, `Misure/${size} byte.bin`, size),
  ),
  ...Array.from({ length: 300 }, (_, index) => {
    const name = `IM${String(index).padStart(6, '0')}`
    return file(
      `DICOM/PT000000/SE00000${index % 3}/${name}`,
      `DICOM/PT000000/SE00000${index % 3}/${name}`,
      index * 7,
    )
  }),
]

describe('an image', () => {
  const directory = mkdtempSync(join(tmpdir(), 'ritiro-iso-'))
  const path = join(directory, 'test.iso')
  const plan = planImage(FILES, LABEL, DATE)
  let whole: Buffer
  beforeAll(async () => {
    whole = await collect(plan)
    writeFileSync(path, whole)
  })
  afterAll(() => rmSync(directory, { recursive: true }))

  test('is as long as was planned, in whole sectors', () => {
    expect(whole.byteLength).toBe(plan.size)
    expect(plan.size % 2048).toBe(0)
  })

  test('is the same every time', async () => {
    expect(digest(await collect(planImage(FILES, LABEL, DATE)))).toBe(digest(whole))
  })

  test('from any byte to any byte equals the uncut one', async () => {
    const interesting = [
      0,
      1,
      32767,
      32768,
      plan.head.byteLength - 1,
      plan.head.byteLength,
      plan.size - 1,
      plan.size,
    ]
    for (const { start, end } of plan.extents)
      interesting.push(start - 1, start, start + 1, end - 1, end, end + 1)
    const random = seeded(42)
    const cuts: [number, number][] = []
    for (let count = 0; count < 1500; count++) {
      const a = pick(random, interesting, plan.size)
      const b = pick(random, interesting, plan.size)
      cuts.push([Math.min(a, b), Math.max(a, b)])
    }
    for (const start of interesting) cuts.push([start, Math.min(plan.size, start + 5000)])
    for (const [start, end] of cuts) {
      const part = await collect(plan, { start, end })
      if (!part.equals(whole.subarray(start, end))) throw new Error(`bytes ${start}–${end} differ`)
    }
  })

  test('a cut opens only the files that lie in it', async () => {
    const opened: string[] = []
    const third = plan.extents.filter(({ file }) => file.size > 0)[3]
    if (!third) throw new Error('no such file')
    const range = { start: third.start + 1, end: third.end }
    for await (const _ of writeImage(
      plan,
      (wanted, start, end) => {
        opened.push(`${wanted.isoPath} ${start}-${end}`)
        return wanted.bytes.subarray(start, end)
      },
      range,
    ));
    expect(opened).toEqual([`${third.file.isoPath} 1-${third.file.size}`])
  })

  test('isoinfo, which knows only ISO 9660, finds each file with its bytes', () => {
    const listed = run('isoinfo', '-f', '-i', path).trim().split('\n')
    for (const { isoPath, bytes } of FILES) {
      const shown = isoPath.includes('.') ? `/${isoPath};1` : `/${isoPath}.;1`
      expect(listed).toContain(shown)
      if (isoPath.includes('SIZES')) {
        expect(run('isoinfo', '-i', path, '-x', shown)).toBe(bytes.toString())
      }
    }
  })

  test('isoinfo finds the same names and sizes in Joliet', () => {
    const listed = run('isoinfo', '-J', '-f', '-i', path)
    for (const { path: human } of FILES) expect(listed).toContain(`/${human}`)
  })

  test('Linux mounts it, by Joliet and by plain ISO 9660', (context) => {
    const at = join(directory, 'mounted')
    // Only root may, and not in every container.
    const mounted = (options: string) =>
      spawnSync('mount', ['-o', `loop,ro,${options}`, '-t', 'iso9660', path, at], { encoding: 'utf8' })
    mkdirSync(at)
    for (const [options, name] of [
      ['norock', (entry: TestFile) => entry.path],
      // Shown in small letters and without versions, as the kernel does by default.
      ['norock,nojoliet', (entry: TestFile) => entry.isoPath.toLowerCase()],
    ] as const) {
      const { status, stderr } = mounted(options)
      if (status !== 0) context.skip(`not mounted here: ${stderr.split('\n')[0]}`)
      try {
        for (const entry of FILES) expect(readFileSync(join(at, name(entry))).equals(entry.bytes)).toBe(true)
      } finally {
        run('umount', at)
      }
    }
  })

  test.each([
    ['7z', (to: string) => run('7z', 'x', '-y', `-o${to}`, path)],
    ['bsdtar', (to: string) => run('bsdtar', '-xf', path, '-C', to)],
    ['xorriso', (to: string) => run('xorriso', '-osirrox', 'on', '-indev', path, '-extract', '/', to)],
  ])('%s extracts every file with its bytes', (_, extract) => {
    const to = mkdtempSync(join(directory, 'out-'))
    extract(to)
    for (const { path: human, bytes } of FILES) {
      expect(digest(readFileSync(join(to, human))), human).toBe(digest(bytes))
    }
  })

  test('dates are the ones given', () => {
    expect(run('xorriso', '-indev', path, '-pvd_info')).toContain('2026112310153000')
  })
})

test.each([
  ['lower.txt', 'x'],
  ['TOOLONGNAME', 'x'],
  ['NAME.EXTN', 'x'],
  ['A/B/C/D/E/F/G/H/I', 'x'],
  ['A.B/C', 'x'],
  ['', 'x'],
  ['.', 'x'],
  ['OK', 'a:b'],
  ['OK', 'x'.repeat(65)],
  ['OK', ''],
])('refuses the names %j and %j', (isoPath, path) => {
  expect(() => planImage([file(isoPath, path, 1)], LABEL, DATE)).toThrow()
})

test('refuses two files of one name, and a file that is also a directory', () => {
  expect(() => planImage([file('A', 'a', 1), file('A', 'b', 1)], LABEL, DATE)).toThrow('two files')
  expect(() => planImage([file('A', 'a', 1), file('A/B', 'b', 1)], LABEL, DATE)).toThrow('both a file')
})

test('refuses a volume identifier of other characters, or too long', () => {
  for (const volumeId of ['esame', 'ESAME 1', 'A'.repeat(17), '']) {
    expect(() => planImage([], { volumeId }, DATE)).toThrow('volume identifier')
  }
})

test.each([
  ['fewer', 9],
  ['more', 11],
])('a source that gives %s bytes than planned breaks the stream', async (_, given) => {
  const plan = planImage([file('A', 'a', 10), file('B', 'b', 10)], LABEL, DATE)
  const read = async () => {
    for await (const _ of writeImage(plan, () => Buffer.alloc(given)));
  }
  await expect(read()).rejects.toThrow('A: 10 bytes planned')
})

test('a source may come in pieces, and its end is not waited for once broken off', async () => {
  const plan = planImage([file('A', 'a', 10)], LABEL, DATE)
  let ended = false
  async function* pieces() {
    try {
      yield Buffer.from('01234')
      yield Buffer.from('')
      yield Buffer.from('56789')
    } finally {
      ended = true
    }
  }
  const { start = 0, end = 0 } = plan.extents[0] ?? {}
  const whole = await collect(plan, {}, pieces)
  expect(whole.subarray(start, end).toString()).toBe('0123456789')
  expect(ended).toBe(true)

  ended = false
  for await (const chunk of writeImage(plan, pieces, { start, end })) {
    expect(chunk.toString()).toBe('01234')
    break
  }
  expect(ended).toBe(true)
})

test('twenty thousand files in one directory: 7z lists them all', async () => {
  const files = Array.from({ length: 20_000 }, (_, index) => {
    const name = `IM${String(index).padStart(6, '0')}`
    return file(`D/${name}`, `D/${name}`, 1)
  })
  const plan = planImage(files, LABEL, DATE)
  const directory = mkdtempSync(join(tmpdir(), 'ritiro-iso-'))
  try {
    writeFileSync(join(directory, 'many.iso'), await collect(plan))
    expect(run('7z', 'l', join(directory, 'many.iso'))).toContain('20000 files')
  } finally {
    rmSync(directory, { recursive: true })
  }
})

test('a file over 4 GiB has several File Sections, and 7z and bsdtar read it whole (ECMA-119 §6.5.1)', () => {
  const size = 4 * 2 ** 30 + 5
  const files = [{ path: 'grande', isoPath: 'BIG', size, bytes: Buffer.alloc(0) }, file('LAST', 'ultimo', 3)]
  const plan = planImage(files, LABEL, DATE)
  const directory = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'ritiro-iso-'))
  const path = join(directory, 'big.iso')
  try {
    // A sparse image (in memory where that can be: holes cost nothing to read there): the head, a mark at the file's two ends, the small file.
    const [big, last] = plan.extents
    if (!big || !last) throw new Error('no extents')
    const image = openSync(path, 'w')
    writeSync(image, plan.head, 0, plan.head.byteLength, 0)
    writeSync(image, 'begin', big.start)
    writeSync(image, 'ended', big.end - 5)
    writeSync(image, last.file.bytes, 0, 3, last.start)
    closeSync(image)
    truncateSync(path, plan.size)

    for (const listing of [run('7z', 'l', path), run('bsdtar', '-tvf', path)])
      expect(listing).toContain(String(size))
    for (const reader of ['bsdtar -xOf "$0" grande', '7z e -so "$0" grande']) {
      expect(run('bash', '-c', `${reader} 2>/dev/null | head -c 5`, path)).toBe('begin')
      const end = 'dd bs=1M skip=4096 iflag=fullblock status=none'
      expect(run('bash', '-c', `${reader} | ${end}`, path)).toBe('ended')
    }
  } finally {
    rmSync(directory, { recursive: true })
  }
})

function file(isoPath: string, path: string, size: number): TestFile {
  return { path, isoPath, size, bytes: Buffer.alloc(size, `${isoPath} ${size} `) }
}

async function collect(
  plan: ImagePlan<TestFile>,
  range: { start?: number; end?: number } = {},
  open: Parameters<typeof writeImage<TestFile>>[1] = ({ bytes }, start, end) => bytes.subarray(start, end),
): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of writeImage(plan, open, range)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

const run = (command: string, ...args: string[]): string =>
  execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 2 ** 26 })

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

function pick(random: (below: number) => number, interesting: readonly number[], size: number): number {
  return random(2) === 0 ? (interesting[random(interesting.length)] ?? 0) : random(size)
}

/** Small linear generator: the same series in every run. */
function seeded(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}
