import { execFile } from 'node:child_process'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { dicomFile, type Elements } from '../support/dicom.ts'

const SIZE = 64
const PIXEL_MM = 2
const STEP_MM = 5

/** Twelve axial CT slices of a ball of 60 HU in air, as a scanner would write them. */
export async function writeCtFolder(directory: string, count = 12): Promise<void> {
  for (let index = 0; index < count; index++)
    await writeFile(join(directory, `CT${index + 1}.dcm`), dicomFile(ctSlice(index, count)))
}

/** The stored value of a made image at a place: no two neighbours alike, twelve bits. */
export const madeValue = (x: number, y: number): number => 1000 + ((x * 7 + y * 13) % 200)

/** One CT slice of known values with a bright corner; and a projection behind a round shutter. */
export async function writeKnownFolder(directory: string): Promise<void> {
  const cells = Uint16Array.from({ length: SIZE * SIZE }, (_, at) => {
    const [x, y] = [at % SIZE, Math.floor(at / SIZE)]
    return x < 8 && y < 8 ? 4000 : madeValue(x, y)
  })
  const known: Elements = [
    [0x0008103e, 'LO', 'NOTA'],
    [0x7fe00010, 'OW', new Uint8Array(cells.buffer)],
  ]
  const shuttered: Elements = [
    [0x00080018, 'UI', '1.2.3.6.1'],
    [0x0008103e, 'LO', 'OTTURATORE'],
    [0x0020000e, 'UI', '1.2.3.6'],
    [0x00200011, 'IS', '3'],
    [0x00181600, 'CS', 'CIRCULAR'],
    [0x00181610, 'IS', '32\\32'],
    [0x00181612, 'IS', '16'],
    [0x7fe00010, 'OW', new Uint8Array(new Uint16Array(SIZE * SIZE).fill(4000).buffer)],
  ]
  await writeFile(join(directory, 'A'), dicomFile(ctSlice(0, 1, known)))
  await writeFile(join(directory, 'B'), dicomFile(ctSlice(0, 1, shuttered)))
}

/** One slice; `others` replace or add elements. */
function ctSlice(index: number, count: number, others: Elements = []): Elements {
  const z = (index - (count - 1) / 2) * STEP_MM
  const cells = new Uint16Array(SIZE * SIZE)
  for (let y = 0; y < SIZE; y++)
    for (let x = 0; x < SIZE; x++) {
      const radius = Math.hypot((x - SIZE / 2 + 0.5) * PIXEL_MM, (y - SIZE / 2 + 0.5) * PIXEL_MM, z)
      cells[y * SIZE + x] = radius < 40 ? 1084 : 24
    }
  const corner = (-SIZE / 2 + 0.5) * PIXEL_MM
  const elements: Elements = [
    [0x00080005, 'CS', 'ISO_IR 192'],
    [0x00080008, 'CS', 'ORIGINAL\\PRIMARY\\AXIAL'],
    [0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.2'],
    [0x00080018, 'UI', `1.2.3.4.5.${index + 1}`],
    [0x00080020, 'DA', '20260504'],
    [0x00080030, 'TM', '101500'],
    [0x00080060, 'CS', 'CT'],
    [0x00081030, 'LO', 'TC DI PROVA'],
    [0x0008103e, 'LO', 'ASSIALE'],
    [0x00100010, 'PN', 'Verdi^Anna'],
    [0x00100020, 'LO', 'P-1'],
    [0x00100030, 'DA', '19700102'],
    [0x00100040, 'CS', 'F'],
    [0x00180050, 'DS', String(STEP_MM)],
    [0x0020000d, 'UI', '1.2.3.4'],
    [0x0020000e, 'UI', '1.2.3.4.5'],
    [0x00200011, 'IS', '2'],
    [0x00200013, 'IS', String(index + 1)],
    [0x00200032, 'DS', `${corner}\\${corner}\\${z}`],
    [0x00200037, 'DS', '1\\0\\0\\0\\1\\0'],
    [0x00200052, 'UI', '1.2.3.9'],
    [0x00280002, 'US', [1]],
    [0x00280004, 'CS', 'MONOCHROME2'],
    [0x00280010, 'US', [SIZE]],
    [0x00280011, 'US', [SIZE]],
    [0x00280030, 'DS', `${PIXEL_MM}\\${PIXEL_MM}`],
    [0x00280100, 'US', [16]],
    [0x00280101, 'US', [12]],
    [0x00280102, 'US', [11]],
    [0x00280103, 'US', [0]],
    [0x00281050, 'DS', '40'],
    [0x00281051, 'DS', '400'],
    [0x00281052, 'DS', '-1024'],
    [0x00281053, 'DS', '1'],
    [0x7fe00010, 'OW', new Uint8Array(cells.buffer)],
  ]
  const replaced = new Set(others.map(([tag]) => tag))
  return [...elements.filter(([tag]) => !replaced.has(tag)), ...others].sort(([a], [b]) => a - b)
}

/**
 * A disc that others made, by dcmtk's dcmmkdir: nested folders, names without endings, and files between that are none of
 * DICOM. Its DICOMDIR knows one file by a name that it no longer has.
 */
export async function writeForeignDisc(directory: string, pdf: Uint8Array): Promise<void> {
  const series = join(directory, 'DICOM', 'PA000001', 'ST000001', 'SE000001')
  await mkdir(series, { recursive: true })
  for (let index = 0; index < 12; index++)
    await writeFile(join(series, `IM${100 + index}`), dicomFile(ctSlice(index, 12)))
  await run('dcmmkdir', [
    '-q',
    '-W',
    '-Nxc',
    '+I',
    '+r',
    '+id',
    directory,
    '+D',
    join(directory, 'DICOMDIR'),
    'DICOM',
  ])
  await rename(join(series, 'IM105'), join(series, 'IM999'))
  await mkdir(join(directory, 'VIEWER'))
  const others = ['AUTORUN.INF', 'LEGGIMI.TXT', 'VIEWER/VIEWER.EXE', 'DICOM/PA000001/THUMBS.DB']
  for (const name of others) await writeFile(join(directory, name), `MZ no DICOM: ${name}`)
  await writeFile(join(directory, 'REFERTO.PDF'), pdf)
}

const run = promisify(execFile)

/** A folder of what cannot be shown, each beside a slice that can: cut short, damaged, unknown, not DICOM, missing. */
export async function writeOddFolder(directory: string): Promise<void> {
  const put = (name: string, bytes: Uint8Array) => writeFile(join(directory, name), bytes)
  const good = dicomFile(ctSlice(0, 6))
  await put('A.dcm', good)
  await put('B.dcm', dicomFile(ctSlice(1, 6)).subarray(0, good.byteLength - 3000))
  const jpeg = { fragments: [new Uint8Array(0), Buffer.from([0xff, 0xd8, 0xff, 0xdb, 0, 3, 1, 9])] }
  await put('C.dcm', coded(2, '1.2.840.10008.1.2.4.70', jpeg))
  await put('D.dcm', coded(3, '1.2.840.10008.1.2.4.90', jpeg))
  await put('E.dcm', coded(4, '1.2.840.10008.1.2.4.100', jpeg))
  await put('F.dcm', dicomFile(ctSlice(5, 6, [[0x00280004, 'CS', 'CMYK']])))
  await put(
    'G.dcm',
    dicomFile(
      ctSlice(6, 6, [[0x00080016, 'UI', '1.3.12.2.1107.5.9.1']]).filter(([tag]) => tag >> 16 !== 0x28),
    ),
  )
  await put('H.dcm', Buffer.from('this is no DICOM file'))
  const record: Elements = [
    [0x00041430, 'CS', 'IMAGE'],
    [0x00041500, 'CS', 'GONE\\I0001'],
  ]
  const dicomdir: Elements = [[0x00041220, 'SQ', { items: [record] }]]
  await put('DICOMDIR', dicomFile(dicomdir, { meta: [[0x00020010, 'UI', '1.2.840.10008.1.2.1']] }))
}

const coded = (index: number, transferSyntax: string, value: { fragments: readonly Uint8Array[] }) =>
  dicomFile(ctSlice(index, 6, [[0x7fe00010, 'OB', value]]), { transferSyntax })

/** A chest radiograph known at the detector only, and a loop of colour frames with a rate of its own. */
export async function writeMixedFolder(directory: string): Promise<void> {
  const detector: Elements = [
    [0x00080060, 'CS', 'DX'],
    [0x00080018, 'UI', '1.2.3.7.1'],
    [0x0020000e, 'UI', '1.2.3.7'],
    [0x00200011, 'IS', '1'],
    [0x0008103e, 'LO', 'TORACE PA'],
    [0x00181164, 'DS', '0.5\\0.5'],
    [0x00280004, 'CS', 'MONOCHROME1'],
    [0x00200020, 'CS', 'L\\F'],
    [0x00280034, 'IS', '1\\1'],
  ]
  const plane = new Set([0x00280030, 0x00200032, 0x00200037])
  await writeFile(
    join(directory, 'DX.dcm'),
    dicomFile(ctSlice(6, 13, detector).filter(([tag]) => !plane.has(tag))),
  )
  const frames = Buffer.alloc(8 * 64 * 64 * 3)
  for (let frame = 0; frame < 8; frame++)
    frames.fill(30 * frame + 10, frame * 64 * 64 * 3, (frame + 1) * 64 * 64 * 3)
  const loop: Elements = [
    [0x00080060, 'CS', 'US'],
    [0x00080018, 'UI', '1.2.3.8.1'],
    [0x0020000e, 'UI', '1.2.3.8'],
    [0x00200011, 'IS', '2'],
    [0x0008103e, 'LO', 'CINE'],
    [0x00181063, 'DS', '50'],
    [0x00280002, 'US', [3]],
    [0x00280004, 'CS', 'RGB'],
    [0x00280006, 'US', [0]],
    [0x00280008, 'IS', '8'],
    [0x00280100, 'US', [8]],
    [0x00280101, 'US', [8]],
    [0x00280102, 'US', [7]],
    [0x7fe00010, 'OB', frames],
  ]
  await writeFile(
    join(directory, 'US.dcm'),
    dicomFile(ctSlice(0, 1, loop).filter(([tag]) => !plane.has(tag))),
  )
}
