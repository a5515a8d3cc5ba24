import { parentPort } from 'node:worker_threads'
import { DicomFormatError } from '../disc/dicom/element.ts'
import { type EncodedInstance, encodeInstance } from './encode.ts'
import type { EncoderTask } from './encoder.ts'

// The thread of encoder.ts: one file in, one coded instance out, null for what is no DICOM.
parentPort?.on('message', async ({ file, preview }: EncoderTask) => {
  const encoded = await encodeInstance(file, { preview }).catch((error: unknown) => {
    if (error instanceof DicomFormatError) return null
    throw error
  })
  parentPort?.postMessage(encoded, encoded ? memoryOf(encoded) : [])
})

function memoryOf({ pixels, preview, document }: EncodedInstance): ArrayBuffer[] {
  const strings = (pixels?.frames ?? []).flatMap((frame) => (typeof frame === 'string' ? [] : frame))
  const all = [...strings, ...(preview ? [preview.string] : []), ...(document?.strings ?? [])]
  return [...new Set(all.map(({ buffer }) => buffer))].filter((buffer) => buffer instanceof ArrayBuffer)
}
