import { expect, test } from 'vitest'
import { recordTypeOf } from '../../src/disc/dicom/record-type.ts'
import { decodeText } from '../../src/disc/dicom/text.ts'
import { arrangeFileSet, placedInstances, summariseSeries } from '../../src/disc/file-set.ts'
import { dicomFile, instance } from '../support/dicom.ts'
import { archiveOf, manifestOf } from '../support/disc.ts'
import { KINDS, NAMES } from '../support/radiology.ts'

const arranged = async (...instances: Parameters<typeof instance>[0][]) =>
  arrangeFileSet([await manifestOf(archiveOf(instances.map((options) => dicomFile(instance(options)))))])
const filesOf = (fileSet: ReturnType<typeof arrangeFileSet>) =>
  [...placedInstances(fileSet)].map(
    ({ fileId, instance }) => `${fileId.join('/')} ${instance.sopInstanceUid.split('.').slice(-4).join('.')}`,
  )

test('patients by ID, studies by date, series and instances by number; File IDs follow', async () => {
  const fileSet = await arranged(
    { patient: 2, study: 1, series: 1, number: 1 },
    { patient: 1, study: 2, series: 10, number: 10, add: [[0x00080020, 'DA', '20250101']] },
    { patient: 1, study: 2, series: 10, number: 9, add: [[0x00080020, 'DA', '20250101']] },
    { patient: 1, study: 1, series: 10, number: 1 },
    { patient: 1, study: 1, series: 9, number: 1 },
  )
  expect(filesOf(fileSet)).toEqual([
    'DICOM/PT000000/ST000000/SE000000/IM000000 1.2.10.9',
    'DICOM/PT000000/ST000000/SE000000/IM000001 1.2.10.10',
    'DICOM/PT000000/ST000001/SE000000/IM000000 1.1.9.1',
    'DICOM/PT000000/ST000001/SE000001/IM000000 1.1.10.1',
    'DICOM/PT000001/ST000000/SE000000/IM000000 2.1.1.1',
  ])
})

test('instances without a number come last, by UID', async () => {
  const add = [[0x00200013, 'IS', '']] as const
  const fileSet = await arranged({ number: 10, add }, { number: 9, add }, { number: 11 })
  expect(filesOf(fileSet).map((line) => line.split('.').at(-1))).toEqual(['11', '9', '10'])
})

test('a series of thousands is split into directories of a thousand', async () => {
  const fileSet = await arranged(
    ...Array.from({ length: 2001 }, (_, index) => ({ number: index + 1, pixels: false })),
  )
  const ids = [...placedInstances(fileSet)].map(({ fileId }) => fileId.join('/'))
  expect(ids[999]).toBe('DICOM/PT000000/ST000000/SE000000/GR000000/IM000999')
  expect(ids[1000]).toBe('DICOM/PT000000/ST000000/SE000000/GR000001/IM001000')
  expect(new Set(ids).size).toBe(2001)
})

test('one Patient ID is one patient, one Study Instance UID one study, whatever names they bear (PS3.3 §F.5.1–2)', async () => {
  const sameStudy = [[0x00100020, 'LO', 'OTHER']] as const
  const sameId = [[0x00100010, 'PN', 'ROSSI^M.']] as const
  const fileSet = await arranged({ number: 1 }, { number: 2, add: sameStudy }, { study: 2, add: sameId })
  expect(fileSet.patients.map(({ studies }) => studies.length)).toEqual([2])
})

test('two people without Patient ID stay two, with IDs that are no one else’s', async () => {
  const omit = [0x00100020]
  const { patients } = await arranged(
    { patient: 1, omit },
    { patient: 2, omit },
    { patient: 1, study: 2, omit },
  )
  expect(patients.map(({ studies }) => studies.length).sort()).toEqual([1, 2])
  for (const { patientId } of patients) expect(patientId).toMatch(/^NOID\.\d{8}$/)
})

test('what a study is called is taken from the instance that tells most', async () => {
  const fileSet = await arranged(
    { number: 1, omit: [0x00081030, 0x00080050] },
    { number: 2 },
    { number: 3, omit: [0x00081030] },
  )
  expect(fileSet.patients[0]?.studies[0]?.keys['00081030']).toBe('TC TORACE ')
})

test('hanging protocols and implant templates stand beside the patients (PS3.3 Table F.4-1)', async () => {
  const fileSet = await arranged({ number: 1 }, { number: 2, sopClass: '1.2.840.10008.5.1.4.38.1' })
  expect(fileSet.others.map(({ instance }) => instance.recordType)).toEqual(['HANGING PROTOCOL'])
})

test.each(KINDS.map(({ sopClass, record }) => [sopClass, record] as const))(
  '%s is listed as %s',
  (sopClass, record) => {
    expect(recordTypeOf(sopClass, true)).toBe(record)
  },
)

test('a class that nobody knows is an image if it has rows, and private otherwise (PS3.3 §F.5)', () => {
  expect(recordTypeOf('1.2.840.10008.5.1.4.1.1.999', true)).toBe('IMAGE')
  expect(recordTypeOf('1.2.840.10008.5.1.4.1.1.999', false)).toBe('PRIVATE')
  expect(recordTypeOf('1.3.12.2.1107.5.9.1', true)).toBe('PRIVATE')
})

test('the page’s list of series is readable in the script it was written in', async () => {
  const fileSet = await arranged({
    add: [
      [0x00080005, 'CS', 'ISO_IR 144'],
      [0x0008103e, 'LO', Buffer.from('bbeedac65edce1', 'hex')],
    ],
  })
  expect(summariseSeries(fileSet)).toEqual([
    { number: '1', modality: 'CT', description: 'ЛюкЦ^мс', instanceCount: 1 },
  ])
})

test.each([
  ['ISO_IR 100', 'Rossì^Niccolò'],
  ['ISO_IR 126', 'Διονυσιος'],
  ['ISO_IR 192', 'Łukasz^Ólafur 王小東'],
  ['GB18030', '王^小东'],
  ['\\ISO 2022 IR 87', 'Yamada^Tarou=山田^太郎'],
  ['\\ISO 2022 IR 149', 'Hong^Gildong=洪^吉'],
])('%s is decoded to %s', (characterSet, expected) => {
  const [, bytes] = NAMES.find(([known]) => known === characterSet) ?? []
  expect(decodeText(Buffer.from(bytes ?? '').toString('latin1'), characterSet)).toBe(expected)
})

test('bytes that no declared set accounts for are shown as Latin-1, not dropped', () => {
  expect(decodeText('Rossì', '')).toBe('Rossì')
  expect(decodeText('Rossì', 'nonsense')).toBe('Rossì')
})
