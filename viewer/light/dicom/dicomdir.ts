import type { Unshown } from '../model/model.ts'
import { readFile } from './file.ts'
import type { Found } from './found.ts'

/** What a DICOMDIR names and the folder lacks: a disc half copied, or one that cannot be read to its end. */
export async function missingFiles(directory: Found, found: readonly Found[]): Promise<Unshown[]> {
  const named = await namedFiles(directory.file).catch(() => null)
  if (!named) return []
  const folder = directory.path.slice(0, directory.path.lastIndexOf('/') + 1)
  const present = new Set(found.map(({ path }) => comparable(path)))
  return named
    .filter((path) => !present.has(comparable(folder + path)))
    .map((path) => ({ key: path, sopClassUid: '', title: path, reason: 'unreachable', detail: 'DICOMDIR' }))
}

/** Referenced File IDs of the directory records (PS3.3 §F.3). */
async function namedFiles(file: Blob): Promise<string[]> {
  const { attributes } = await readFile(file)
  const records: readonly unknown[] = attributes['00041220'] ?? []
  return records.flatMap((record) => {
    const id = isRecord(record) ? record['00041500'] : undefined
    return Array.isArray(id) && id.length > 0 ? [id.join('/')] : []
  })
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null

// Systems show names of an ISO in lower case, or with a version behind them.
const comparable = (path: string): string => path.toUpperCase().replace(/\.?(;\d+)?$/, '')
