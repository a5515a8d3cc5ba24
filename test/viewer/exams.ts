import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { dicomFile, type Elements, instance, type Value } from '../support/dicom.ts'

const SIDE = 128

const TAG = {
  StudyDate: 0x00080020,
  StudyDescription: 0x00081030,
  SeriesDescription: 0x0008103e,
  ImagePositionPatient: 0x00200032,
  ImageOrientationPatient: 0x00200037,
  FrameOfReferenceUID: 0x00200052,
  Rows: 0x00280010,
  Columns: 0x00280011,
  PixelSpacing: 0x00280030,
  WindowCenter: 0x00281050,
  WindowWidth: 0x00281051,
  RescaleIntercept: 0x00281052,
  RescaleSlope: 0x00281053,
  DocumentTitle: 0x00420010,
  EncapsulatedDocument: 0x00420011,
  MIMETypeOfEncapsulatedDocument: 0x00420012,
  PixelData: 0x7fe00010,
} as const

/** Three studies of one patient: two series of slices, an earlier exam, and a document. Returns their UIDs. */
export async function writeExams(directory: string) {
  await mkdir(directory, { recursive: true })
  const write = (name: string, elements: Elements) =>
    writeFile(join(directory, `${name}.dcm`), dicomFile(elements))
  for (const [series, count] of [
    [1, 4],
    [2, 2],
  ] as const) {
    for (let number = 1; number <= count; number++) {
      const more = {
        ...slice(number, series),
        [TAG.SeriesDescription]: ['LO', series === 1 ? 'ASSIALE' : 'CORONALE'] as const,
      }
      await write(`1-${series}-${number}`, instance({ study: 1, series, number, more }))
    }
  }
  const earlier = {
    [TAG.StudyDescription]: ['LO', 'ESAME PRECEDENTE'],
    [TAG.StudyDate]: ['DA', '20200101'],
  } as const
  await write('2', instance({ study: 2, more: { ...slice(1, 1), ...earlier } }))
  await write(
    '3',
    instance({
      sopClass: '1.2.840.10008.5.1.4.1.1.104.1',
      study: 3,
      modality: 'DOC',
      pixels: false,
      more: {
        [TAG.DocumentTitle]: ['ST', 'Documento'],
        [TAG.EncapsulatedDocument]: ['OB', smallPdf()],
        [TAG.MIMETypeOfEncapsulatedDocument]: ['LO', 'application/pdf'],
      },
    }),
  )
  const uid = (study: number) => String(instance({ study }).find(([tag]) => tag === 0x0020000d)?.[2])
  return { exam: uid(1), earlier: uid(2), document: uid(3) }
}

// A bright square that moves from slice to slice over a gradient: never blank, and each slice another.
function slice(number: number, series: number): Record<number, readonly [vr: string, value: Value]> {
  const pixels = Array.from({ length: SIDE * SIDE }, (_, index) => {
    const [x, y] = [index % SIDE, Math.floor(index / SIDE)]
    const inside = Math.abs(x - 20 * number) < 12 && Math.abs(y - 40 * series) < 12
    return inside ? 3800 : x * 8 + y * 4
  })
  return {
    [TAG.ImagePositionPatient]: ['DS', `0\\0\\${number * 5}`],
    [TAG.ImageOrientationPatient]: ['DS', '1\\0\\0\\0\\1\\0'],
    [TAG.FrameOfReferenceUID]: ['UI', `1.2.3.${series}`],
    [TAG.Rows]: ['US', [SIDE]],
    [TAG.Columns]: ['US', [SIDE]],
    [TAG.PixelSpacing]: ['DS', '2\\2'],
    [TAG.WindowCenter]: ['DS', '1900'],
    [TAG.WindowWidth]: ['DS', '3800'],
    [TAG.RescaleIntercept]: ['DS', '0'],
    [TAG.RescaleSlope]: ['DS', '1'],
    [TAG.PixelData]: ['OW', pixels],
  }
}

/** A page with one word. */
export function smallPdf(): Buffer {
  const text = 'BT /F1 24 Tf 20 100 Td (Documento) Tj ET'
  return Buffer.from(
    `%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>endobj
4 0 obj<</Length ${text.length}>>stream
${text}
endstream endobj
5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj
trailer<</Root 1 0 R>>
%%EOF
`,
    'latin1',
  )
}
