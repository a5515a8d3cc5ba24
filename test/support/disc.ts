import type { DiscContent } from '../../src/disc/content.ts'
import type { DecodeFile } from '../../src/disc/dicom/disc-file.ts'
import { type DiscPlan, type PackedDisc, planDisc } from '../../src/disc/disc.ts'
import type { LargeSource } from '../../src/disc/large-description.ts'
import { LARGE_FILE } from '../../src/disc/large-file.ts'
import { type Manifest, prepareManifest } from '../../src/disc/manifest.ts'
import { type StoredInstance, type WriteOptions, writeDisc } from '../../src/disc/write.ts'

export const DISC_DATE = new Date('2026-11-23T10:15:30.500Z')

export const CONTENT: DiscContent = {
  organisation: {
    name: 'Azienda Ospedaliera di Prova',
    contacts: ['Via Roma 1, 10100 Torino', 'tel. 011 123456'],
    portalUrl: 'https://referti.example.it',
  },
  patient: { familyName: 'ROSSI', givenName: 'MARIO', birthDate: '1960-02-01' },
  exams: [
    {
      description: 'TC TORACE',
      date: '2026-11-23',
      report: { kind: 'p7m', document: Buffer.from('signed'), pdf: Buffer.from('%PDF-1.7 shown') },
    },
    {
      description: 'RX GINOCCHIO DX',
      date: '2026-11-20',
      report: { kind: 'pdf', document: Buffer.from('%PDF-1.7 both'), pdf: null },
    },
    { description: 'RM GINOCCHIO DX', date: '2026-11-21', report: null },
  ],
}

/** The files of an archive, by what would be Orthanc's id. */
export type Archive = ReadonlyMap<string, Uint8Array>

export function archiveOf(files: readonly Uint8Array[]): Archive {
  return new Map(files.map((bytes, index) => [`instance-${index}`, bytes]))
}

export async function manifestOf(archive: Archive, decode?: DecodeFile): Promise<Manifest> {
  async function* files() {
    for (const [orthancId, bytes] of archive)
      yield bytes.byteLength < LARGE_FILE ? { orthancId, bytes } : { orthancId, large: largeSource(bytes) }
  }
  return await prepareManifest(files(), decode)
}

const largeSource = (bytes: Uint8Array): LargeSource => ({
  size: bytes.byteLength,
  async stream() {
    return (async function* () {
      yield bytes
    })()
  },
  whole: async () => bytes,
})

/** The disc of an archive, planned. */
export async function discOf(archive: Archive, content = CONTENT, decode?: DecodeFile): Promise<DiscPlan> {
  return planDisc({ manifests: [await manifestOf(archive, decode)], content, date: DISC_DATE })
}

export const fetchFrom =
  (archive: Archive) =>
  async ({ orthancId }: StoredInstance) => {
    const bytes = archive.get(orthancId)
    if (!bytes) throw new Error(`${orthancId}: gone`)
    return bytes
  }

/** The bytes of a disc, packed one way or the other. */
export async function bytesOfDisc(
  disc: PackedDisc,
  archive: Archive,
  options: WriteOptions = {},
): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of writeDisc(disc, fetchFrom(archive), options)) chunks.push(chunk)
  return Buffer.concat(chunks)
}
