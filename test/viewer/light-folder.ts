import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { dicomFile, type Elements } from '../support/dicom.ts'

const SIZE = 64
const PIXEL_MM = 2
const STEP_MM = 5

/** Twelve axial CT slices of a ball of 60 HU in air, as a scanner would write them. */
export async function writeCtFolder(directory: string, count = 12): Promise<void> {
  for (let index = 0; index < count; index++)
    await writeFile(join(directory, `CT${index + 1}.dcm`), dicomFile(ctSlice(index, count)))
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
