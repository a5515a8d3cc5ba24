import type { InstanceRecord } from '../../../src/shards/attributes.ts'
import type { Report, Study } from '../model/model.ts'
import { text } from '../model/record.ts'
import type { Found } from './found.ts'

/** Where the bytes of an instance's encapsulated document are read; null where it has none at hand. */
export type DocumentSource = (key: string) => (() => Promise<Uint8Array>) | null

/** Encapsulated PDFs (PS3.3 §A.45) become reports of their study, and no longer things that cannot be shown. */
export function withDocuments(
  studies: readonly Study[],
  records: readonly InstanceRecord[],
  source: DocumentSource,
): Study[] {
  const documents = records.flatMap((record) => {
    const isPdf = text(record.attributes, '00420012').toLowerCase() === 'application/pdf'
    const bytes = isPdf ? source(record.key) : null
    return bytes ? [{ record, bytes }] : []
  })
  const keys = new Set(documents.map(({ record }) => record.key))
  return studies.map((study) => ({
    ...study,
    reports: documents
      .filter(({ record }) => text(record.attributes, '0020000D') === study.uid)
      .map(({ record, bytes }) => reportOf(record, bytes)),
    series: study.series
      .map((series) => ({ ...series, unshown: series.unshown.filter(({ key }) => !keys.has(key)) }))
      .filter(({ images, sheets, unshown }) => images.length + sheets.length + unshown.length > 0),
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

function reportOf({ attributes }: InstanceRecord, bytes: () => Promise<Uint8Array>): Report {
  return {
    title: text(attributes, '00420010') || text(attributes, '0008103E'),
    date: text(attributes, '00080023') || text(attributes, '00080020'),
    pdf: { bytes },
    signed: null,
    signature: null,
    text: '',
  }
}
