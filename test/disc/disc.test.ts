import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { deflateSync } from 'node:zlib'
import dicomParser from 'dicom-parser'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { toDiscFile } from '../../src/disc/dicom/disc-file.ts'
import { INSTANCE_KEYS, PATIENT_KEYS, SERIES_KEYS, STUDY_KEYS } from '../../src/disc/dicom/keys.ts'
import { type DiscPlan, planDisc } from '../../src/disc/disc.ts'
import { decodeManifest, encodeManifest } from '../../src/disc/manifest.ts'
import { type FetchInstance, type StoredInstance, writeDisc } from '../../src/disc/write.ts'
import { dicomFile, instance } from '../support/dicom.ts'
import {
  type Archive,
  archiveOf,
  bytesOfDisc,
  CONTENT,
  DISC_DATE,
  discOf,
  fetchFrom,
  manifestOf,
} from '../support/disc.ts'
import { everyCharacterSet, everyKind, everyTransferSyntax, KINDS, series } from '../support/radiology.ts'

const CHECK_ISO = resolve(import.meta.dirname, '../../../shared/check-iso')
const SAMPLES = resolve(import.meta.dirname, '../../../shared/samples')

const ARCHIVE = archiveOf([
  ...everyKind(),
  ...everyCharacterSet(),
  ...everyTransferSyntax(),
  ...series(20).map((dataSet) => dicomFile(dataSet, { encoding: 'implicit' })),
])

describe('a disc with everything that radiology sends', () => {
  const directory = mkdtempSync(join(tmpdir(), 'ritiro-disc-'))
  const image = join(directory, 'disc.iso')
  const extracted = join(directory, '7z')
  beforeAll(async () => {
    writeFileSync(image, await bytesOfDisc((await discOf(ARCHIVE)).iso, ARCHIVE))
    run('7z', 'x', '-y', `-o${extracted}`, image)
  })
  afterAll(() => rmSync(directory, { recursive: true }))

  test('gives the same files and bytes by 7z, bsdtar and xorriso', () => {
    const bsdtar = join(directory, 'bsdtar')
    const xorriso = join(directory, 'xorriso')
    mkdirSync(bsdtar)
    run('bsdtar', '-xf', image, '-C', bsdtar)
    run('xorriso', '-osirrox', 'on', '-indev', image, '-extract', '/', xorriso)
    run('chmod', '-R', 'u+w', xorriso)
    const [expected, ...others] = [extracted, bsdtar, xorriso].map(filesBelow)
    expect(expected).toContain('DICOMDIR')
    for (const names of others) expect(names).toEqual(expected)
    for (const name of expected ?? []) {
      const bytes = readFileSync(join(extracted, name))
      for (const other of [bsdtar, xorriso]) {
        expect(readFileSync(join(other, name)).equals(bytes), name).toBe(true)
      }
    }
  })

  test('isoinfo, without Joliet, sees every file under a level 1 name', () => {
    const listed = run('isoinfo', '-f', '-i', image).trim().split('\n')
    const names = listed.filter((name) => name.endsWith(';1'))
    expect(names.length).toBe(filesBelow(extracted).length)
    for (const name of names) expect(name).toMatch(/^(\/[A-Z0-9_]{1,8})*\/[A-Z0-9_]{1,8}\.[A-Z0-9_]{0,3};1$/)
  })

  test('has checksums that sha256sum confirms, of every file but their own list', () => {
    const checked = run('bash', '-c', 'cd "$0" && sha256sum -c SHA256.TXT', extracted)
    expect(checked.trim().split('\n').length).toBe(filesBelow(extracted).length - 1)
    expect(checked).not.toContain('FAILED')
  })

  test('its checksums and links hold for readers of plain ISO 9660 too, which see no Joliet name', () => {
    const plain = join(directory, 'plain')
    mkdirSync(plain)
    run('bsdtar', '-xf', image, '--options', '!joliet,!rockridge', '-C', plain)
    expect(filesBelow(plain)).toEqual(filesBelow(extracted))
    const checked = run('bash', '-c', 'cd "$0" && sha256sum -c SHA256.TXT', plain)
    expect(
      checked
        .trim()
        .split('\n')
        .every((line) => line.endsWith(': OK')),
    ).toBe(true)
    const page = readFileSync(join(plain, 'INDEX.HTM'), 'utf8')
    const links = [...page.matchAll(/href="([^#"]+)"/g)].map(([, link = '']) => link)
    expect(links).toContain('REFERTO/REFERTO1.P7M')
    for (const link of links) expect(existsSync(join(plain, link)), link).toBe(true)
  })

  test('dciodvfy, dcmdump and dcdirdmp find no fault in the DICOMDIR', () => {
    const dicomdir = join(extracted, 'DICOMDIR')
    const verified = tool('dciodvfy', dicomdir)
    const errors = (verified.stdout + verified.stderr).split('\n').filter((line) => line.startsWith('Error'))
    expect(errors.filter((error) => !UNKNOWN_TO_DCIODVFY.test(error))).toEqual([])
    const dumped = tool('dcmdump', '+E', dicomdir)
    expect(dumped.status).toBe(0)
    expect(dumped.stderr).not.toContain('E: ')
    expect(run('dcdirdmp', dicomdir)).not.toContain('Error')
  })

  test('its directory has each instance once, under the right patient, study and series, with the keys of its file', () => {
    const dicomdir = dicomParser.parseDicom(readFileSync(join(extracted, 'DICOMDIR')))
    const records = recordsOf(dicomdir)
    const referenced: string[] = []
    for (const { record, above } of records) {
      if (!record.elements.x00041500) continue
      const path = (record.string('x00041500') ?? '').replaceAll('\\', '/')
      referenced.push(path)
      const file = dicomParser.parseDicom(readFileSync(join(extracted, path)))
      expect(record.string('x00041510')).toBe(file.string('x00020002'))
      expect(record.string('x00041511')).toBe(file.string('x00020003'))
      expect(record.string('x00041512')).toBe(file.string('x00020010'))

      const [patient, study, ofSeries] = above
      if (!patient || !study || !ofSeries) throw new Error(`${path} stands at the wrong level`)
      const type = record.string('x00041430') ?? ''
      const known = KINDS.find(({ sopClass }) => sopClass === file.string('x00020002'))
      expect(type).toBe(known?.record)
      expectSame(patient, file, PATIENT_KEYS)
      expectSame(study, file, STUDY_KEYS)
      expectSame(ofSeries, file, SERIES_KEYS)
      // Of a document's content only what modifies its title is a key, and its date of verification lies deeper.
      const copied = INSTANCE_KEYS[(known?.record ?? 'IMAGE') as keyof typeof INSTANCE_KEYS].filter(
        ({ tag }) => tag !== 0x0040a730 && tag !== 0x0040a030,
      )
      expectSame(record, file, copied)
    }
    const onDisc = filesBelow(extracted).filter((name) => name.startsWith('DICOM/'))
    expect(referenced.toSorted()).toEqual(onDisc)
    expect(onDisc.length).toBe(ARCHIVE.size)
  })

  test('a structured report is listed with its latest verification and what modifies its title (PS3.3 §F.5.26)', () => {
    const dicomdir = dicomParser.parseDicom(readFileSync(join(extracted, 'DICOMDIR')))
    const documents = recordsOf(dicomdir).filter(({ record }) => record.string('x00041430') === 'SR DOCUMENT')
    expect(documents.length).toBe(2)
    for (const { record } of documents) {
      expect(record.string('x0040a030')).toBe('20261124090000')
      const content = record.elements.x0040a730?.items ?? []
      expect(content.map((item) => item.dataSet?.string('x0040a160'))).toEqual(['Italiano'])
    }
  })

  test('dcmtk finds the same records for the same files', () => {
    const copy = join(directory, 'dcmtk')
    run('cp', '-r', extracted, copy)
    rmSync(join(copy, 'DICOMDIR'))
    // dcmmkdir knows neither private nor the newest classes; it says so and goes on.
    spawnSync('bash', ['-c', 'cd "$0" && dcmmkdir -Nxc +I +r --no-consistency-check --no-backup DICOM', copy])
    const theirs = dcmtkRecords(join(copy, 'DICOMDIR'))
    const ours = dcmtkRecords(join(extracted, 'DICOMDIR'))
    expect(theirs.length).toBeGreaterThan(50)
    // Of a stereometric relationship we tell more than dcmtk does.
    for (const record of theirs) if (!record.startsWith('STEREOMETRIC')) expect(ours).toContain(record)
  })

  test('names and descriptions of every character set come out as pydicom reads them from the file', () => {
    const script = `
import sys, os, warnings
warnings.simplefilter('ignore')
from pydicom import dcmread
root = sys.argv[1]; ds = dcmread(os.path.join(root, 'DICOMDIR')); n = 0; patient = study = None
for r in ds.DirectoryRecordSequence:
    if r.DirectoryRecordType == 'PATIENT': patient = r
    if r.DirectoryRecordType == 'STUDY': study = r
    if 'ReferencedFileID' not in r: continue
    fid = r.ReferencedFileID; m = dcmread(os.path.join(root, *([fid] if isinstance(fid, str) else fid)))
    assert str(patient.PatientName) == str(m.PatientName), (fid, patient.PatientName, m.PatientName)
    assert study.StudyDescription == m.StudyDescription, (fid, study.StudyDescription, m.StudyDescription)
    n += 1
print(n)`
    expect(run('/usr/bin/python3', '-c', script, extracted).trim()).toBe(String(ARCHIVE.size))
  })

  test('any part of it equals that part of the whole', async () => {
    const whole = readFileSync(image)
    const { iso: plan } = await discOf(ARCHIVE)
    for (let round = 0; round < 60; round++) {
      const start = (round * 104_729) % plan.size
      const end = Math.min(plan.size, start + ((round * 7_919) % 300_000))
      const part = await bytesOfDisc(plan, ARCHIVE, { start, end })
      expect(part.equals(whole.subarray(start, end)), `${start}–${end}`).toBe(true)
    }
  })

  test.skipIf(!existsSync(CHECK_ISO))('check-iso prints 0 failed', () => {
    const failed = checkIso(image, ARCHIVE).split('\n')
    // It asks dciodvfy, of which see above.
    expect(failed.filter((line) => !line.startsWith('FAIL dciodvfy'))).toEqual([])
  })
})

test.skipIf(!existsSync(SAMPLES))('check-iso prints 0 failed for the public samples', async () => {
  const names = readdirSync(SAMPLES).filter((name) => name.endsWith('.dcm'))
  const archive = new Map(names.map((name) => [name, readFileSync(join(SAMPLES, name))]))
  await withImage(archive, (image) => expect(checkIso(image, archive)).toMatch(/ 0 failed$/))
})

test.skipIf(!existsSync(CHECK_ISO))(
  'check-iso prints 0 failed for instances that lack what a directory needs',
  async () => {
    const needed = [0x00080020, 0x00080030, 0x00080060, 0x00100020, 0x00200010, 0x00200011, 0x00200013]
    const empty = needed.map((tag) => [tag, 'LO', ''] as const)
    const odd = [
      [0x00080020, 'DA', '1.1.2026'],
      [0x00080030, 'TM', '??'],
      [0x00200013, 'IS', 'uno'],
    ] as const
    const archive = archiveOf([
      ...KINDS.filter(({ record }) => KNOWN_TO_ALL.has(record)).map(({ sopClass }, index) =>
        dicomFile(instance({ sopClass, series: index + 1, omit: needed })),
      ),
      dicomFile(instance({ patient: 2, add: empty })),
      dicomFile(instance({ patient: 3, add: odd })),
      dicomFile(instance({ patient: 4, omit: [...needed, 0x0020000d, 0x0020000e] })),
    ])
    await withImage(archive, (image) => expect(checkIso(image, archive)).toMatch(/ 0 failed$/))
  },
)

test('a manifest comes back from its stored form, and one of another version is made anew', async () => {
  const manifest = await manifestOf(ARCHIVE)
  expect(decodeManifest(encodeManifest(manifest))).toEqual(manifest)
  expect(decodeManifest(encodeManifest({ ...manifest, version: 0 as typeof manifest.version }))).toBeNull()
})

test('the same study makes the same disc, in whatever order the archive lists it', async () => {
  const { iso: there } = await discOf(ARCHIVE)
  const backwards: Archive = new Map([...ARCHIVE].reverse())
  expect((await discOf(backwards)).iso.etag).toBe(there.etag)
})

test('another image, report or date makes another ETag', async () => {
  const [report, ...exams] = CONTENT.exams
  if (!report?.report) throw new Error('no report')
  const corrected = { ...report, report: { ...report.report, document: Buffer.from('Signed') } }
  const grown = new Map([...ARCHIVE, ['late', dicomFile(instance({ number: 99 }))]])
  const manifests = [await manifestOf(ARCHIVE)]
  const etags = [
    (await discOf(ARCHIVE)).iso.etag,
    (await discOf(grown)).iso.etag,
    (await discOf(ARCHIVE, { ...CONTENT, exams: [corrected, ...exams] })).iso.etag,
    planDisc({ manifests, content: CONTENT, date: new Date('2026-11-24T00:00:00Z') }).iso.etag,
  ]
  expect(new Set(etags).size).toBe(etags.length)
})

test.each([
  ['deleted', () => null],
  ['overwritten', (bytes: Uint8Array) => Buffer.concat([bytes, Buffer.from('\0\0')])],
  ['altered in one byte', (bytes: Uint8Array) => Buffer.from(bytes).fill(1, bytes.byteLength - 1)],
])(
  'an instance %s since the manifest was made breaks the stream before a byte of it is sent',
  async (_, change) => {
    const { iso: plan } = await discOf(ARCHIVE)
    const [victim] = [...ARCHIVE].at(-1) ?? []
    const changed = new Map<string, Uint8Array>()
    for (const [id, bytes] of ARCHIVE) {
      const now = id === victim ? change(bytes) : bytes
      if (now) changed.set(id, now)
    }
    await expect(bytesOfDisc(plan, changed)).rejects.toThrow(`${victim}`)
  },
)

test.each([
  ['gives the files', async (bytes: Uint8Array) => bytes, 0],
  ['has lost them', async () => null, 1],
  ['cannot be read', async () => await Promise.reject(new Error('EACCES')), 1],
  ['holds them compressed', async (bytes: Uint8Array) => deflateSync(bytes), 1],
  ['holds others', async () => dicomFile(instance({ number: 77 })), 1],
])(
  'a storage folder that %s makes the same disc: the archive is asked for the rest',
  async (_, read, asked) => {
    const { iso } = await discOf(ARCHIVE)
    const chunks: Uint8Array[] = []
    let fetched = 0
    const shortcut = async ({ orthancId }: StoredInstance) =>
      await read(ARCHIVE.get(orthancId) ?? Buffer.alloc(0))
    const fetchInstance: FetchInstance = (wanted) => {
      fetched++
      return fetchFrom(ARCHIVE)(wanted)
    }
    for await (const chunk of writeDisc(iso, fetchInstance, { shortcut })) chunks.push(chunk)
    expect(Buffer.concat(chunks).equals(await bytesOfDisc(iso, ARCHIVE))).toBe(true)
    expect(fetched).toBe(asked * ARCHIVE.size)
  },
)

test('what Orthanc keeps and is no DICOM is left out and named; the rest goes on the disc', async () => {
  const archive = archiveOf([...everyKind(), Buffer.from('this is not DICOM'), Buffer.alloc(0)])
  const manifest = await manifestOf(archive)
  expect(manifest.unreadable).toEqual([`instance-${KINDS.length}`, `instance-${KINDS.length + 1}`])
  expect(manifest.instances.length).toBe(KINDS.length)
})

test('an instance stored in two encodings goes on the disc once, in the one that everybody reads', async () => {
  const plain = dicomFile(instance(), { encoding: 'big' })
  const compressed = dicomFile(instance({ add: [[0x7fe00010, 'OB', { fragments: [Buffer.alloc(2)] }]] }), {
    transferSyntax: '1.2.840.10008.1.2.4.90',
  })
  for (const files of [
    [plain, compressed],
    [compressed, plain],
  ]) {
    const plan = await discOf(archiveOf(files))
    expect(plan.instanceCount).toBe(1)
    expect(plan.profile.names[0]).toBe('STD-GEN-CD')
    // It may have been another image by mistake: whoever reads the disc is told.
    expect(pageOf(plan, 'README.TXT')).toContain('Not repeated here: 1 file(s)')
    expect(pageOf(plan, 'INDEX.HTM')).toContain('Non è ripetuto qui 1 file con il SOP Instance UID')
  }
})

test.each([
  [
    ['explicit', 'implicit', 'deflated', 'big'],
    ['STD-GEN-CD', 'STD-GEN-DVD-JPEG', 'STD-GEN-USB-JPEG'],
  ],
  [
    ['explicit', '4.50', '4.70'],
    ['STD-GEN-DVD-JPEG', 'STD-GEN-USB-JPEG'],
  ],
  [
    ['4.90', '4.91'],
    ['STD-GEN-DVD-J2K', 'STD-GEN-USB-J2K'],
  ],
  [['4.70', '4.90'], []],
  [['5'], []],
  [['4.80'], []],
])('a File-set of %j that a CD holds conforms to %j (PS3.11)', async (syntaxes, profiles) => {
  const files = syntaxes.map((syntax, index) =>
    /^\d/.test(syntax)
      ? dicomFile(instance({ number: index }), { transferSyntax: `1.2.840.10008.1.2.${syntax}` })
      : dicomFile(instance({ number: index }), { encoding: syntax as 'explicit' }),
  )
  expect((await discOf(archiveOf(files))).profile.names).toEqual(profiles)
})

const pageOf = ({ iso }: DiscPlan, name: string) =>
  Buffer.from(iso.extents.find(({ file }) => file.path === name)?.file.bytes ?? []).toString()

const MB = 10 ** 6
const CD = 360_000 * 2048
test.each([
  [[700 * MB], 'CD', 'STD-GEN-CD, STD-GEN-DVD-JPEG, STD-GEN-USB-JPEG.'],
  // The instances fit, the image with all the rest does not.
  [[CD - 2048], 'DVD', 'STD-GEN-DVD-JPEG, STD-GEN-USB-JPEG.'],
  [[2_000 * MB, 2_000 * MB], 'DVD', 'STD-GEN-DVD-JPEG, STD-GEN-USB-JPEG.'],
  [[4_000 * MB, 4_000 * MB], 'DVD-DL', 'STD-GEN-USB-JPEG.'],
  [[4_000 * MB, 4_000 * MB, 4_000 * MB], 'BD', 'STD-GEN-USB-JPEG.'],
  // The longest extent of one Directory Record (ECMA-119 §9.1.4), and one byte more.
  [[4_294_965_248], 'DVD', 'STD-GEN-DVD-JPEG, STD-GEN-USB-JPEG.'],
  [[4_294_965_249], 'DVD', null],
] as const)(
  'instances of %j bytes fit on %s, and the disc claims only what that medium allows: %s',
  async (lengths, medium, claimed) => {
    const manifest = await manifestOf(archiveOf(lengths.map((_, number) => dicomFile(instance({ number })))))
    const instances = manifest.instances.map((each, index) => ({ ...each, length: lengths[index] ?? 0 }))
    const plan = planDisc({ manifests: [{ ...manifest, instances }], content: CONTENT, date: DISC_DATE })
    expect([plan.medium, plan.profile.hugeFile]).toEqual([medium, claimed === null])
    for (const name of ['README.TXT', 'LEGGIMI.TXT', 'INDEX.HTM']) {
      expect(pageOf(plan, name)).toContain(claimed ? `: ${claimed}` : '(PS3.12)')
    }
  },
)

test('the volume and the file are named by the last exam, without personal data', async () => {
  const { iso, zip } = await discOf(ARCHIVE)
  expect([iso.fileName, zip.fileName]).toEqual(['esame-2026-11-23.iso', 'esame-2026-11-23.zip'])
  const descriptors = (await bytesOfDisc(iso, ARCHIVE, { end: 19 * 2048 })).toString('latin1')
  expect(descriptors.slice(16 * 2048 + 40, 16 * 2048 + 72).trim()).toBe('ESAME_20261123')
  expect(descriptors).not.toMatch(/ROSSI|MARIO/)
  expect(iso.lastModified.toISOString()).toBe(DISC_DATE.toISOString().replace('.500', '.000'))
})

test('every DICOM file on the disc has a preamble of zeros (S48)', async () => {
  const preamble = Buffer.alloc(128, 'MZ')
  const archive = archiveOf(
    (['explicit', 'implicit', 'big', 'deflated'] as const).map((encoding, index) =>
      dicomFile(instance({ number: index }), { encoding, preamble }),
    ),
  )
  const bytes = await bytesOfDisc((await discOf(archive)).iso, archive)
  expect(bytes.includes('MZMZ')).toBe(false)
  expect(Buffer.concat([...archive.values()].map((file) => toDiscFile(file).bytes)).includes('MZMZ')).toBe(
    false,
  )
})

async function withImage(archive: Archive, use: (image: string) => void): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'ritiro-disc-'))
  try {
    const image = join(directory, 'disc.iso')
    writeFileSync(image, await bytesOfDisc((await discOf(archive)).iso, archive))
    use(image)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

/** The last line of check-iso, or what failed. */
function checkIso(image: string, sources: Archive): string {
  const directory = mkdtempSync(join(tmpdir(), 'ritiro-sources-'))
  try {
    for (const [id, bytes] of sources) writeFileSync(join(directory, `${id}.dcm`), bytes)
    const { stdout, stderr } = spawnSync(CHECK_ISO, [image, directory], { encoding: 'utf8' })
    const lines = stdout.trim().split('\n')
    return lines.filter((line) => line.startsWith('FAIL')).join('\n') || lines.at(-1) || stderr
  } finally {
    rmSync(directory, { recursive: true })
  }
}

/** Record types without sequences that only the instance itself can give, and not newer than the tools. */
const KNOWN_TO_ALL = new Set([
  ...['IMAGE', 'RT DOSE', 'RT STRUCTURE SET', 'RT PLAN', 'RT TREAT RECORD', 'WAVEFORM', 'SR DOCUMENT'],
  ...['KEY OBJECT DOC', 'RAW DATA', 'REGISTRATION', 'FIDUCIAL', 'ENCAP DOC', 'VALUE MAP', 'MEASUREMENT'],
  ...['SURFACE', 'STEREOMETRIC', 'PRIVATE'],
])

/** Record types and character sets (ISO_IR 13 and 203, GBK) that the standard has and Debian's dciodvfy has not. */
const UNKNOWN_TO_DCIODVFY =
  /<(PLAN|SURFACE SCAN|TRACT|ASSESSMENT)> for value 1 of attribute <Directory Record Type>|<(ÔÏÀ\^ÀÛ³|A¤\^½|Íõ\^Ð¡¶«)> - Character invalid|contains invalid data values/

type Above = dicomParser.DataSet[]

/** The records by their offsets, as a reader walks them: each with those above it. */
function recordsOf(dicomdir: dicomParser.DataSet): { record: dicomParser.DataSet; above: Above }[] {
  const byOffset = new Map<number, dicomParser.DataSet>()
  for (const item of dicomdir.elements.x00041220?.items ?? []) {
    if (item.dataSet) byOffset.set(item.dataOffset - 8, item.dataSet)
  }
  const found: { record: dicomParser.DataSet; above: Above }[] = []
  const walk = (offset: number, above: Above) => {
    let at = offset
    while (at) {
      const record = byOffset.get(at)
      if (!record) throw new Error(`no record at ${at}`)
      found.push({ record, above })
      walk(record.uint32('x00041420') ?? 0, [...above, record])
      at = record.uint32('x00041400') ?? 0
    }
  }
  walk(dicomdir.uint32('x00041200') ?? 0, [])
  expect(found.length).toBe(byOffset.size)
  return found
}

/** Keys of a record hold the very bytes of the file, but for padding. */
function expectSame(
  record: dicomParser.DataSet,
  file: dicomParser.DataSet,
  keys: readonly { tag: number }[],
): void {
  for (const { tag } of keys) {
    const name = `x${tag.toString(16).padStart(8, '0')}`
    const value = (dataSet: dicomParser.DataSet) => {
      const element = dataSet.elements[name]
      if (!element) return ''
      const { dataOffset, length } = element
      return Buffer.from(dataSet.byteArray.subarray(dataOffset, dataOffset + length))
        .toString('latin1')
        .trimEnd()
    }
    expect(value(record), `${name} of ${record.string('x00041500')}`).toBe(value(file))
  }
}

/** Type, File ID and keys of the instance records of a DICOMDIR, as dcmdump prints them. */
function dcmtkRecords(dicomdir: string): string[] {
  const dump = tool('dcmdump', '-q', '+L', dicomdir).stdout
  const records = dump.split(/^ {2}\(fffe,e000\).*$/m)
  return records.flatMap((record) => {
    const type = /\(0004,1430\) CS \[(.*?) *\]/.exec(record)?.[1]
    const file = /\(0004,1500\) CS \[(.*?) *\]/.exec(record)?.[1]
    const number = /\(0020,0013\) IS \[(.*?) *\]/.exec(record)?.[1]
    return type && file ? [`${type} ${file} ${number}`] : []
  })
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)))
    .sort()
}

const run = (command: string, ...args: string[]): string =>
  execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 2 ** 26 })

/** For tools that say by their output, not by their status, what they found. */
const tool = (command: string, ...args: string[]) =>
  spawnSync(command, args, { encoding: 'latin1', maxBuffer: 2 ** 26 })
