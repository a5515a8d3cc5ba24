import { gunzipSync, gzipSync } from 'node:zlib'
import type { Conversion } from './dicom/disc-file.ts'
import { DicomFormatError } from './dicom/element.ts'
import { describeInstance, type Keys } from './dicom/instance.ts'
import type { RecordType } from './dicom/record-type.ts'

/**
 * What the disc of a study is made of: everything but the bytes of its files. Two gateways with the same
 * manifest write the same image.
 */
export type Manifest = {
  /** Of the conversion and of this form: a manifest of another version is to be prepared anew. */
  readonly version: typeof MANIFEST_VERSION
  /** Keys that several instances have in common, once each; instances refer to them by index. */
  readonly patients: readonly Keys[]
  readonly studies: readonly Keys[]
  readonly series: readonly Keys[]
  readonly instances: readonly ManifestInstance[]
  /** Orthanc's ids of what it calls an instance and is no DICOM. */
  readonly unreadable: readonly string[]
}

export type ManifestInstance = {
  readonly orthancId: string
  readonly sopClassUid: string
  readonly sopInstanceUid: string
  readonly transferSyntaxUid: string
  /** Which file of its storage folder Orthanc keeps it in, where it told so. */
  readonly fileUuid?: string
  /** Bytes, SHA-256 (hex) and CRC-32 of the file as sent. */
  readonly length: number
  readonly sha256: string
  readonly crc32: number
  readonly conversion: Conversion
  readonly recordType: RecordType
  readonly patient: number
  readonly study: number
  readonly series: number
  readonly keys: Keys
}

export const MANIFEST_VERSION = 3

/** Reads each instance once, one at a time, and keeps what the disc needs to know of it. */
export async function prepareManifest(
  files: AsyncIterable<{ orthancId: string; fileUuid?: string | undefined; bytes: Uint8Array }>,
): Promise<Manifest> {
  const patients = interned()
  const studies = interned()
  const series = interned()
  const instances: ManifestInstance[] = []
  const unreadable: string[] = []

  for await (const { orthancId, fileUuid, bytes } of files) {
    try {
      const { patient, study, series: ofSeries, instance, ...described } = describeInstance(bytes)
      instances.push({
        orthancId,
        ...(fileUuid === undefined ? {} : { fileUuid }),
        ...described,
        patient: patients.index(patient),
        study: studies.index(study),
        series: series.index(ofSeries),
        keys: instance,
      })
    } catch (error) {
      if (!(error instanceof DicomFormatError)) throw error
      unreadable.push(orthancId)
    }
  }
  return {
    version: MANIFEST_VERSION,
    patients: patients.all,
    studies: studies.all,
    series: series.all,
    instances,
    unreadable,
  }
}

/** A manifest as it is stored. */
export function encodeManifest(manifest: Manifest): Uint8Array {
  return gzipSync(JSON.stringify(manifest))
}

/** A stored manifest; null if it is of another version and must be prepared anew. */
export function decodeManifest(stored: Uint8Array): Manifest | null {
  const manifest: Pick<Manifest, 'version'> = JSON.parse(gunzipSync(stored).toString())
  return isCurrent(manifest) ? manifest : null
}

// What was stored is ours: the version is the only thing about it that can differ.
function isCurrent(manifest: Pick<Manifest, 'version'>): manifest is Manifest {
  return manifest.version === MANIFEST_VERSION
}

function interned() {
  const all: Keys[] = []
  const known = new Map<string, number>()
  return {
    all,
    index(keys: Keys): number {
      const text = JSON.stringify(keys)
      const found = known.get(text)
      if (found !== undefined) return found
      known.set(text, all.length)
      return all.push(keys) - 1
    },
  }
}
