import type { InstanceRecord } from '../../../src/shards/attributes.ts'
import type { Report, Study } from '../model/model.ts'
import { text } from '../model/record.ts'
import type { DicomFile } from './file.ts'
import type { Found } from './found.ts'

/** Encapsulated PDFs (PS3.3 §A.45) become reports of their study, and no longer things that cannot be shown. */
export function withDocuments(
  studies: readonly Study[],
  records: readonly InstanceRecord[],
  files: ReadonlyMap<string, DicomFile>,
): Study[] {
  const documents = records.filter(
    ({ key, attributes }) =>
      files.get(key)?.document && text(attributes, '00420012').toLowerCase() === 'application/pdf',
  )
  const keys = new Set(documents.map(({ key }) => key))
  return studies.map((study) => ({
    ...study,
    reports: documents
      .filter(({ attributes }) => text(attributes, '0020000D') === study.uid)
      .map((record) => reportOf(record, files.get(record.key))),
    series: study.series
      .map((series) => ({ ...series, unshown: series.unshown.filter(({ key }) => !keys.has(key)) }))
      .filter(({ images, unshown }) => images.length + unshown.length > 0),
  }))
}

/** PDFs that lie beside the DICOM files, as on most discs, go with the first study: whose they are, they say themselves. */
export function withLooseFiles(studies: readonly Study[], found: readonly Found[]): Study[] {
  const reports = [...found]
    .sort((a, b) => (a.path < b.path ? -1 : 1))
    .map(({ path, file }): Report => {
      const bytes = async () => new Uint8Array(await file.arrayBuffer())
      const title = path.split('/').at(-1) ?? path
      return { title, date: '', pdf: { bytes }, signed: null, signature: null, text: '' }
    })
  return studies.map((study, at) =>
    at === 0 ? { ...study, reports: [...study.reports, ...reports] } : study,
  )
}

function reportOf({ attributes }: InstanceRecord, file: DicomFile | undefined): Report {
  return {
    title: text(attributes, '00420010') || text(attributes, '0008103E'),
    date: text(attributes, '00080023') || text(attributes, '00080020'),
    pdf: {
      async bytes() {
        const { start, length } = file?.document ?? { start: 0, length: 0 }
        return new Uint8Array((await file?.blob.slice(start, start + length).arrayBuffer()) ?? [])
      },
    },
    signed: null,
    signature: null,
    text: '',
  }
}
