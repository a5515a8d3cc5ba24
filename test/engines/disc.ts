import { execFile } from 'node:child_process'
import { hash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { crc32 } from 'node:zlib'
import type { Derived } from '../../src/derived/derived.ts'
import { planDisc } from '../../src/disc/disc.ts'
import { DISC_VIEWER, discViewerFiles, loadLightViewer, studyFolder } from '../../src/light/light.ts'
import { viewerDeriver } from '../../src/shards/shards.ts'
import { loadAssets } from '../../src/ui/assets.ts'
import { archiveOf, bytesOfDisc, CONTENT, DISC_DATE, manifestOf } from '../support/disc.ts'

const run = promisify(execFile)

/** Where a disc's files lie: taken out of the ISO, out of the ZIP, and out of the ISO as a reader without Joliet sees it. */
export type Places = Readonly<Record<'iso' | 'zip' | 'plain', string>>

/** A disc of those files, made as the portal makes it, in each of these ways. */
export async function discPlaces(folder: string, files: readonly Uint8Array[]): Promise<Places> {
  const archive = archiveOf(files)
  const manifest = await manifestOf(archive)
  const exam = {
    organisation: CONTENT.organisation.name,
    studies: [studyFolder(0)],
    reports: [
      {
        title: 'TC TORACE',
        date: '20261123',
        pdf: '../REFERTO/REFERTO1.PDF',
        signed: { url: '../REFERTO/REFERTO1.P7M', name: 'REFERTO1.P7M' },
        signature: {
          summary: 'Firmato da Maria Bianchi: documento integro.',
          facts: ['Il documento è integro.'],
        },
        text: 'Nulla da segnalare.',
      },
    ],
    otherViewer: null,
    back: '../INDEX.HTM',
  }
  const light = await loadLightViewer(await loadAssets('dist/public'))
  const plan = planDisc({
    manifests: [manifest],
    content: { ...CONTENT, viewer: DISC_VIEWER },
    date: DISC_DATE,
    extras: discViewerFiles(light, exam, [await derived(archive, manifest)]),
  })
  const at = (name: string) => join(folder, name)
  await writeFile(at('disc.iso'), await bytesOfDisc(plan.iso, archive))
  await writeFile(at('disc.zip'), await bytesOfDisc(plan.zip, archive))
  const places = { iso: at('from-iso'), zip: at('from-zip'), plain: at('plain') }
  for (const place of Object.values(places)) await mkdir(place)
  await run('7z', ['x', '-y', `-o${places.iso}`, at('disc.iso')])
  await run('7z', ['x', '-y', `-o${places.zip}`, at('disc.zip')])
  await run('bsdtar', ['-x', '-f', at('disc.iso'), '--options', '!joliet,!rockridge', '-C', places.plain])
  return places
}

async function derived(
  archive: ReadonlyMap<string, Uint8Array>,
  manifest: Awaited<ReturnType<typeof manifestOf>>,
): Promise<Derived> {
  const made = new Map<string, Uint8Array>()
  const fetchFile = async (id: string) => new Uint8Array(archive.get(id) ?? [])
  await viewerDeriver(fetchFile, async () => null).derive({
    orthancId: 'study',
    manifest,
    progress: () => undefined,
    signal: new AbortController().signal,
    async write(name, bytes) {
      made.set(name, bytes)
      return entryOf(bytes)
    },
  })
  const read = async (name: string) => made.get(name) ?? new Uint8Array()
  return {
    ready: true,
    preparedAt: DISC_DATE,
    size: 0,
    entries: new Map([...made].map(([name, bytes]) => [name, entryOf(bytes)])),
    facts: null,
    read,
    async *stream(name, { start = 0, end } = {}) {
      yield (await read(name)).subarray(start, end)
    },
  }
}

const entryOf = (bytes: Uint8Array) => ({
  offset: 0,
  length: bytes.byteLength,
  sha256: hash('sha256', bytes, 'hex'),
  crc32: crc32(bytes),
})
