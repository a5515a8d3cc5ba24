import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Derived } from '../derived/derived.ts'
import type { DerivedContent, ExtraFile } from '../disc/content.ts'
import { jsonDataFile } from '../shards/data-file.ts'
import { EXAM_NAME, type ExamData } from '../shards/format.ts'
import type { Assets } from '../ui/assets.ts'

/** The light viewer as it was built: its page, and the files that the page loads. */
export type LightViewer = {
  readonly page: string
  /** Folder of the files on the portal. */
  readonly address: string
  /** By name: 8.3, in capitals, as they are on the disc. */
  readonly files: ReadonlyMap<string, Uint8Array>
}

/** Reads it from the built assets. */
export async function loadLightViewer({ asset, directory, files }: Assets): Promise<LightViewer> {
  const address = asset('light')
  const folder = address.slice('/assets/'.length)
  const names = [...files.keys()].filter((name) => name.startsWith(`${folder}/`))
  const read = await Promise.all(
    names.map(
      async (name): Promise<[string, Uint8Array]> => [
        name.slice(folder.length + 1),
        await readFile(join(directory, name)),
      ],
    ),
  )
  const all = new Map(read)
  const page = Buffer.from(all.get(PAGE) ?? new Uint8Array()).toString()
  all.delete(PAGE)
  return { page, address, files: all }
}

const PAGE = 'LIGHT.HTM'

/** Where on the disc the viewer starts. */
export const DISC_VIEWER = 'VIEWER/INDEX.HTM'

/** The viewer and its data as files of a disc. `studies` are in the order of `exam.studies`. */
export function discViewerFiles(
  { page, files }: LightViewer,
  exam: ExamData,
  studies: readonly Derived[],
): ExtraFile[] {
  const small = (path: string, bytes: Uint8Array): ExtraFile => ({ path, isoPath: path, bytes })
  return [
    small(DISC_VIEWER, Buffer.from(placedAt(page, ''))),
    ...[...files].map(([name, bytes]) => small(`VIEWER/${name}`, bytes)),
    small(`VIEWER/${EXAM_NAME}.JS`, jsonDataFile(EXAM_NAME, exam)),
    ...studies.flatMap(({ entries, stream }, index) =>
      [...entries].map(([name, { length, sha256, crc32 }]): ExtraFile => {
        const path = `VIEWER/${exam.studies[index]}${name}.JS`
        const open: DerivedContent['open'] = (start, end, { allocate }) =>
          stream(name, { start, end, allocate })
        return { path, isoPath: path, size: length, sha256, crc32, open }
      }),
    ),
  ]
}

/**
 * The viewer's page on the portal: its files are those at `address`, its data comes from `data`. `head` and `end` go to
 * the end of head and body.
 */
export const portalViewerPage = (
  { page, address }: LightViewer,
  { data, head, end }: { data: string; head: string; end: string },
): string =>
  placedAt(page, data)
    // The portal says it in a header, and more strictly.
    .replace(/<meta http-equiv="Content-Security-Policy"[^>]*>\s*/i, '')
    .replace(/(src|href)="(LIGHT\.(?:JS|CSS))"/g, `$1="${address}/$2"`)
    .replace('</head>', () => `${head}</head>`)
    .replace('</body>', () => `${end}</body>`)

/** Folder of the data files of a disc's or a page's study. */
export const studyFolder = (index: number): string => `ST${String(index).padStart(6, '0')}/`

// The page says where its data is; a page without opens folders alone.
function placedAt(page: string, data: string): string {
  const placed = page.replace(/<html\b/, `<html data-exam="${data}"`)
  if (placed === page) throw new Error('the light viewer’s page has no <html>')
  return placed
}
