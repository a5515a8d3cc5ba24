import { crc32, deflateSync } from 'node:zlib'
import type { Drawn } from './draw.ts'

const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex')
const GREY = 0
const TRUECOLOUR = 2

/** A PNG (ISO/IEC 15948), every line told by its difference from the one above. */
export function encodePng({ width, height, components, bytes }: Drawn): Uint8Array {
  const line = width * components
  const filtered = new Uint8Array((line + 1) * height)
  for (let y = 0; y < height; y++) {
    // Filter type 2, Up.
    filtered[y * (line + 1)] = 2
    for (let x = 0; x < line; x++)
      filtered[y * (line + 1) + 1 + x] = (bytes[y * line + x] ?? 0) - (bytes[(y - 1) * line + x] ?? 0)
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, components === 1 ? GREY : TRUECOLOUR, 0, 0, 0], 8)
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(filtered)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(type: string, data: Uint8Array): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.byteLength)
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const check = Buffer.alloc(4)
  check.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, check])
}
