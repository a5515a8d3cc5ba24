import workerSource from 'worker:../../../viewer/light/shards/worker.ts'
import { imageOf, isImage } from '../../../viewer/light/model/image.ts'
import { FrameError } from '../../../viewer/light/model/model.ts'
import { text } from '../../../viewer/light/model/record.ts'
import { openShards } from '../../../viewer/light/shards/source.ts'
import { scriptTransport } from '../../../viewer/light/shards/transport.ts'
import { startDecoders } from '../../../viewer/light/shards/workers.ts'

/** What a page made of the frames of an instance: SHA-256 and length of the samples, or why there are none. */
export type Shown = {
  readonly uid: string
  readonly frames: readonly (
    | { readonly sha256: string; readonly length: number; readonly photometric: string }
    | { readonly failed: string }
  )[]
  readonly preview: { readonly columns: number; readonly rows: number; readonly length: number } | null
}

declare global {
  interface Window {
    /** Set when all is decoded. */
    shown?: Promise<Shown[]>
  }
}

window.shown = showAll()

async function showAll(): Promise<Shown[]> {
  let preview: Shown['preview'] = null
  const data = await openShards(
    0,
    scriptTransport('DATA/'),
    startDecoders(workerSource),
    (_image, _index, frame, { columns, rows }) => {
      preview = { columns, rows, length: frame.cells.byteLength }
      return null
    },
  )
  const shown: Shown[] = []
  for (const record of data.records) {
    const image = imageOf(record)
    if (!isImage(image)) continue
    const frames: Shown['frames'][number][] = []
    for (let index = 0; index < image.frameCount; index++) {
      try {
        const frame = await data.frames.frame(image, index, 0, new AbortController().signal)
        frames.push(
          'cells' in frame
            ? { ...(await digest(frame.cells)), photometric: frame.photometric }
            : { ...(await digest(frame.bytes)), photometric: `coded ${frame.transferSyntaxUid}` },
        )
      } catch (error) {
        frames.push({ failed: error instanceof FrameError ? error.reason : String(error) })
      }
    }
    preview = null
    await data.frames.preview(image)
    shown.push({ uid: text(record.attributes, '00080018'), frames, preview })
  }
  return shown
}

async function digest({ buffer, byteOffset, byteLength }: ArrayBufferView) {
  const bytes = new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength)
  const sha256 = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return {
    sha256: [...sha256].map((byte) => byte.toString(16).padStart(2, '0')).join(''),
    length: byteLength,
  }
}
