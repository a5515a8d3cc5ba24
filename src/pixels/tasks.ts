import { codable } from './codable.ts'
import { decode, type Samples } from './decode.ts'
import { type Drawing, draw } from './draw.ts'
import { compactFile, decodeFile } from './files.ts'
import type { Picture } from './image.ts'
import { encodeBaselineJpeg } from './jpeg/baseline-encode.ts'
import { encodeLosslessJpeg } from './jpeg/lossless-encode.ts'
import { encodePng } from './png.ts'
import { encodeJpegLsFrame } from './wasm.ts'

/** What the threads of the pool can do, by name. Arguments and results are plain data, handed over and not copied. */
export const TASKS = {
  decode: ({
    frame,
    picture,
    transferSyntaxUid,
  }: {
    frame: Uint8Array
    picture: Picture
    transferSyntaxUid: string
  }) => decode(frame, picture, transferSyntaxUid),
  draw: async ({
    frame,
    picture,
    transferSyntaxUid,
    how,
    as,
  }: {
    frame: Uint8Array
    picture: Picture
    transferSyntaxUid: string
    how: Drawing
    as: { type: 'image/jpeg'; quality: number } | { type: 'image/png' }
  }) => {
    const drawn = draw(await decode(frame, picture, transferSyntaxUid), how)
    return as.type === 'image/png' ? encodePng(drawn) : encodeBaselineJpeg(drawn, as.quality)
  },
  encodeJpegLs: async ({ samples }: { samples: Samples }) => encodeJpegLsFrame(codable(samples)),
  encodeLosslessJpeg: async ({ samples }: { samples: Samples }) => encodeLosslessJpeg(codable(samples)),
  decodeFile: async ({ file }: { file: Uint8Array }) => decodeFile(file),
  compactFile: async ({ file }: { file: Uint8Array }) => compactFile(file),
} as const

export type Tasks = typeof TASKS
