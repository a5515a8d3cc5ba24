import { expect, test } from 'vitest'
import { matchesStudy } from '../../src/dicomweb/matching.ts'
import { parseQuery } from '../../src/dicomweb/query.ts'

const searchOf = (kind: Parameters<typeof parseQuery>[0], query: string) =>
  parseQuery(kind, new URLSearchParams(query))

test.for<[string, string]>([
  ['', ''],
  ['limit=101&offset=0&fuzzymatching=false', '?limit=101&offset=0'],
  ['includefield=00081030%2C00080060', '?includefield=00081030&includefield=00080060'],
  ['includefield=all', '?includefield=all'],
  ['PatientID=P9', ''],
  ['00100020=*&00100010=R*&AccessionNumber=X&StudyDate=20200101-', ''],
  ['ModalitiesInStudy=CT&Modality=CT&StudyTime=10-1130&ReferringPhysicianName=X&StudyID=', ''],
])('S45: of a search for studies, "%s" reaches the archive as "%s"', ([query, search]) => {
  expect(searchOf('search-studies', query)?.search).toBe(search)
})

test('S45: the studies asked for are read out, to be compared with the session’s, however they are listed', () => {
  const asked = (query: string) => searchOf('search-studies', query)?.studyInstanceUids
  expect(asked('StudyInstanceUID=1.2')).toEqual(['1.2'])
  expect(asked('0020000D=1.2,1.3')).toEqual(['1.2', '1.3'])
  expect(asked('StudyInstanceUID=1.2%5C1.3')).toEqual(['1.2', '1.3'])
  expect(asked('limit=1')).toBeNull()
})

test.for<[Parameters<typeof parseQuery>[0], string]>([
  ['search-series', 'Modality=CT&SeriesInstanceUID=1.2&SeriesNumber=3'],
  ['search-series', 'PerformedProcedureStepStartDate=20261101-20261130&PerformedProcedureStepStartTime=10-'],
  ['search-instances', '00080060=CT&00200011=3&SOPClassUID=1.2&SOPInstanceUID=1.3&InstanceNumber=-1'],
])('PS3.18 Table 10.6.1-5: within a study, a %s by %s is Orthanc’s to answer', ([kind, query]) => {
  expect(searchOf(kind, query)?.search).toBe(`?${query}`)
})

const STUDY = {
  '00080020': { Value: ['20261123'] },
  '00080030': { Value: ['101530.25'] },
  '00080050': { Value: ['ACC001'] },
  '00080061': { Value: ['CT', 'SR'] },
  '00080090': {},
  '00100010': { Value: [{ Alphabetic: 'ROSSI^MARIO', Ideographic: '羅西' }] },
  '00100020': { Value: ['PID1'] },
  '00200010': { Value: ['7'] },
}
test.for<[string, boolean]>([
  ['StudyDate=20261123', true],
  ['StudyDate=20261101-20261130&StudyTime=10-1016', true],
  ['StudyDate=-20261122', false],
  ['StudyDate=20261124-', false],
  ['00080030=1015', true],
  ['00080030=1016-', false],
  ['AccessionNumber=ACC001', true],
  ['AccessionNumber=ACC', false],
  ['AccessionNumber=ACC??1', true],
  ['ModalitiesInStudy=SR', true],
  ['Modality=MR', false],
  // PS3.4 §C.2.2.2.3: universal matching, also of what has no value.
  ['ReferringPhysicianName=*&StudyID=', true],
  ['ReferringPhysicianName=B*', false],
  ['PatientName=rossi*', true],
  ['PatientName=Rossi^Mario^^^', true],
  ['PatientName=羅*', true],
  ['PatientName=*^MARIO', true],
  ['PatientName=ROSSI', false],
  ['PatientID=PID1&StudyID=7', true],
  ['PatientID=PID1&StudyID=8', false],
  [`PatientID=${'*1'.repeat(40)}`, false],
])('PS3.18 Table 10.6.1-5: whether a study is found by %s: %s', ([query, found]) => {
  const matching = searchOf('search-studies', query)?.matching ?? new Map()
  expect(matching.size).toBe(query.split('&').length)
  expect(matchesStudy(STUDY, matching)).toBe(found)
})

test.for([
  'patientid=P9',
  'Patient=P9',
  'limit=-1',
  'limit=1e9',
  'limit=1%00',
  'offset=a',
  'includefield=../../changes',
  'includefield=a%26b',
  'Modality=CT%0d%0a',
  'SeriesInstanceUID=*',
  'SeriesInstanceUID=1.2%5C1.3',
  'ReferringPhysicianName=X',
  'PatientID=P9',
  'SeriesNumber=1-2',
  'InstanceNumber=*',
  'SOPClassUID=1.2,1.3',
  'PerformedProcedureStepStartDate=2026',
  'url=http%3A%2F%2Fexample.org',
  'accept=application%2Fzip',
])('S45: a search with %s is not answered', (query) => {
  expect(searchOf('search-instances', query)).toBeNull()
})

test.for([
  'StudyDate=yesterday',
  'StudyTime=25:00',
  'PatientName=a%00',
  'ModalitiesInStudy=ct',
  'SeriesNumber=1',
])('S45: a search for studies with %s is not answered', (query) =>
  expect(searchOf('search-studies', query)).toBeNull(),
)

test('S45: images may be windowed and sized, and nothing but images', () => {
  const query = 'viewport=100,100&window=40,400,linear&quality=80'
  expect(searchOf('rendered', query)?.search).toBe('?viewport=100,100&window=40,400,linear&quality=80')
  for (const kind of ['frames', 'metadata', 'bulkdata', 'retrieve'] as const) {
    expect(searchOf(kind, 'quality=80')).toBeNull()
    expect(searchOf(kind, 'accept=image/jpeg')).toBeNull()
    expect(searchOf(kind, '')?.search).toBe('')
  }
  expect(searchOf('rendered', 'annotation=patient')).toBeNull()
})
