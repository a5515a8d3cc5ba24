import { expect, test } from 'vitest'
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
  'url=http%3A%2F%2Fexample.org',
  'accept=application%2Fzip',
])('S45: a search with %s is not answered', (query) => {
  expect(searchOf('search-instances', query)).toBeNull()
})

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
