import type { InstanceRecord } from '../../../src/shards/attributes.ts'
import { FrameError, type FrameSource, type Image, type Opened, type Unshown } from '../model/model.ts'
import { text } from '../model/record.ts'
import { studiesOf } from '../model/studies.ts'
import { missingFiles } from './dicomdir.ts'
import { withDocuments, withLooseFiles } from './documents.ts'
import { type DicomFile, readFile } from './file.ts'
import type { Found } from './found.ts'
import { frameOf } from './frame.ts'
import { NotDicomError } from './part10.ts'

/** Reads the heads of all files, DICOM or not, and gives what can be shown of them. */
export async function openFolder(
  found: readonly Found[],
  onProgress: (done: number, all: number) => void,
): Promise<Opened & { readonly skipped: number }> {
  const files = new Map<string, DicomFile>()
  const records: InstanceRecord[] = []
  const unread: Unshown[] = []
  const documents: Found[] = []
  let skipped = 0
  let done = 0
  const directories = found.filter(({ path }) => isDicomdir(path))
  await eachOf(
    found.filter(({ path }) => !isDicomdir(path)),
    async ({ path, file }) => {
      try {
        const dicom = await readFile(file)
        // A DICOMDIR under another name, or a file of nothing.
        if (text(dicom.attributes, '00080016') !== '') {
          files.set(path, dicom)
          records.push({
            key: path,
            transferSyntaxUid: dicom.transferSyntaxUid,
            attributes: dicom.attributes,
          })
        }
      } catch (error) {
        if (error instanceof NotDicomError && /\.pdf$/i.test(path)) documents.push({ path, file })
        else if (error instanceof NotDicomError && !looksLikeDicom(path)) skipped++
        else unread.push(unreadable(path, error))
      }
      onProgress(++done, found.length)
    },
  )
  for (const directory of directories) unread.push(...(await missingFiles(directory, found)))
  // In the order of the paths, however the reading went.
  records.sort((a, b) => (a.key < b.key ? -1 : 1))
  const studies = studiesOf(withoutDoubles(records), unread)
  return {
    studies: withLooseFiles(
      withDocuments(studies, records, (key) => documentIn(files.get(key))),
      documents,
    ),
    frames: framesOf(files),
    skipped,
  }
}

function documentIn(file: DicomFile | undefined): (() => Promise<Uint8Array>) | null {
  if (!file?.document) return null
  const { start, length } = file.document
  return async () => new Uint8Array(await file.blob.slice(start, start + length).arrayBuffer())
}

/** The frames of files at hand. */
function framesOf(files: ReadonlyMap<string, DicomFile>): FrameSource {
  return {
    async frame(image: Image, index: number, _priority: number, signal: AbortSignal) {
      signal.throwIfAborted()
      const file = files.get(image.key)
      if (!file) throw new FrameError('unreachable', image.key)
      return await frameOf(file, image, index).catch((error: unknown) => {
        if (error instanceof FrameError) throw error
        // The disc was taken out, or the file moved.
        throw new FrameError('unreachable', String(error))
      })
    },
    preview: () => Promise.resolve(null),
    onProgress: () => () => {},
  }
}

const isDicomdir = (path: string): boolean => /(^|\/)DICOMDIR\.?$/i.test(path)
const looksLikeDicom = (path: string): boolean => /\.(dcm|dicom|ima)$/i.test(path)

function unreadable(path: string, error: unknown): Unshown {
  const reason = error instanceof NotDicomError ? 'not-dicom' : 'corrupt'
  const detail = error instanceof Error ? error.message || error.name : String(error)
  return { key: path, sopClassUid: '', title: path.split('/').at(-1) ?? path, reason, detail }
}

// The same instance twice on a disc (a copy in another folder) is shown once.
function withoutDoubles(records: readonly InstanceRecord[]): InstanceRecord[] {
  const seen = new Set<string>()
  return records.filter(({ attributes }) => {
    const uid = text(attributes, '00080018')
    if (uid === '') return true
    if (seen.has(uid)) return false
    seen.add(uid)
    return true
  })
}

const AT_ONCE = 12

async function eachOf<T>(values: readonly T[], act: (value: T) => Promise<void>): Promise<void> {
  const queue = values.values()
  const work = async () => {
    for (const value of queue) await act(value)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
}
