import { expect, test } from 'vitest'
import { parseResource, pathOf, type Resource } from '../../src/dicomweb/resource.ts'

const [STUDY, SERIES, INSTANCE] = ['1.2.840.1', '1.2.840.1.2', '1.2.840.1.2.3']
const OBJECT = `/studies/${STUDY}/series/${SERIES}/instances/${INSTANCE}`

test.for<[string, Resource['kind']]>([
  ['/studies', 'search-studies'],
  [`/studies/${STUDY}`, 'retrieve'],
  [`/studies/${STUDY}/series`, 'search-series'],
  [`/studies/${STUDY}/instances`, 'search-instances'],
  [`/studies/${STUDY}/metadata`, 'metadata'],
  [`/studies/${STUDY}/rendered`, 'rendered'],
  [`/studies/${STUDY}/series/${SERIES}`, 'retrieve'],
  [`/studies/${STUDY}/series/${SERIES}/instances`, 'search-instances'],
  [`/studies/${STUDY}/series/${SERIES}/metadata`, 'metadata'],
  [`/studies/${STUDY}/series/${SERIES}/thumbnail`, 'thumbnail'],
  [OBJECT, 'retrieve'],
  [`${OBJECT}/metadata`, 'metadata'],
  [`${OBJECT}/rendered`, 'rendered'],
  [`${OBJECT}/frames/1`, 'frames'],
  [`${OBJECT}/frames/1,2,30`, 'frames'],
  [`${OBJECT}/frames/2/rendered`, 'rendered'],
  [`${OBJECT}/bulk/54000100/1/54001010`, 'bulkdata'],
])('S45: %s is %s, and is asked of the archive in the same words', ([path, kind]) => {
  const resource = parseResource(path)
  expect(resource?.kind).toBe(kind)
  expect(resource && pathOf(resource)).toBe(path)
})

test.for<[string, string]>([
  ['nothing', ''],
  ['the root', '/'],
  ['a slash at the end', `/studies/${STUDY}/`],
  ['a doubled slash', `/studies//${STUDY}`],
  ['another case', `/Studies/${STUDY}`],
  ['another case of the last word', `/studies/${STUDY}/METADATA`],
  ['an encoded dot', `/studies/1%2e2/metadata`],
  ['a doubly encoded dot', `/studies/1%252e2/metadata`],
  ['an encoded slash', `/studies/${STUDY}%2fseries`],
  ['steps upwards', `/studies/${STUDY}/../1.3/metadata`],
  ['encoded steps upwards', `/studies/${STUDY}/%2e%2e/1.3/metadata`],
  ['a backslash', `/studies/${STUDY}\\metadata`],
  ['NUL', `/studies/${STUDY}\0/metadata`],
  ['an encoded NUL', `/studies/${STUDY}%00/metadata`],
  ['a line break', `/studies/${STUDY}\n`],
  ['an encoded line break', `/studies/${STUDY}%0d%0a/metadata`],
  ['a trailing dot', `/studies/${STUDY}./metadata`],
  ['a leading dot', `/studies/.${STUDY}/metadata`],
  ['two dots in a row', '/studies/1..2/metadata'],
  ['a UID of 65 characters', `/studies/1.${'2'.repeat(63)}/metadata`],
  ['a wildcard', '/studies/*/metadata'],
  ['a list of UIDs', `/studies/${STUDY},1.3/metadata`],
  ['a UID of other digits', '/studies/1.٢.3/metadata'],
  ['a parameter within the path', `/studies/${STUDY};a=b/metadata`],
  ['a query within the path', `/studies/${STUDY}?a=b`],
  ['series of all studies', `/series/${SERIES}/metadata`],
  ['instances of all studies', '/instances'],
  ['frame 0', `${OBJECT}/frames/0`],
  ['a negative frame', `${OBJECT}/frames/-1`],
  ['no frame', `${OBJECT}/frames`],
  ['frames without end', `${OBJECT}/frames/${Array(65).fill('1').join(',')}`],
  ['bulk data by words', `${OBJECT}/bulk/PixelData`],
  ['bulk data upwards', `${OBJECT}/bulk/../metadata`],
  ['the Orthanc beside DICOMweb', '/../studies'],
  ['an endless path', `/studies/${'1.'.repeat(400)}1`],
])('S45: %s is on no list of routes', ([, path]) => {
  expect(parseResource(path)).toBeNull()
})
