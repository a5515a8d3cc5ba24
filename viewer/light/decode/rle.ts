/**
 * RLE Lossless (PS3.5 §G): the segments hold the bytes of the samples, most significant first, colour by colour.
 * Gives little endian cells, colours interleaved.
 */
export function decodeRle(bytes: Uint8Array, pixels: number, samples: number, bytesPerSample: number) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const count = view.getUint32(0, true)
  if (count !== samples * bytesPerSample) throw new RangeError(`RLE: ${count} segments`)
  const out = new Uint8Array(pixels * samples * bytesPerSample)
  for (let segment = 0; segment < count; segment++) {
    const start = view.getUint32(4 + segment * 4, true)
    const end = segment + 1 < count ? view.getUint32(8 + segment * 4, true) : bytes.length
    if (start > end || end > bytes.length) throw new RangeError('RLE: segment out of bounds')
    const sample = Math.floor(segment / bytesPerSample)
    const place = sample * bytesPerSample + (bytesPerSample - 1 - (segment % bytesPerSample))
    unpack(bytes.subarray(start, end), out, place, samples * bytesPerSample, pixels)
  }
  return out
}

// Packbits (§G.3.1), every `step`th byte.
function unpack(packed: Uint8Array, out: Uint8Array, place: number, step: number, pixels: number): void {
  let to = place
  let left = pixels
  let at = 0
  while (left > 0) {
    if (at >= packed.length) throw new RangeError('RLE: segment too short')
    const control = ((packed[at++] ?? 0) << 24) >> 24
    if (control === -128) continue
    const run = Math.min(left, control < 0 ? 1 - control : control + 1)
    if (at + (control < 0 ? 1 : run) > packed.length) throw new RangeError('RLE: run too short')
    for (let n = 0; n < run; n++, to += step) out[to] = packed[control < 0 ? at : at + n] ?? 0
    at += control < 0 ? 1 : control + 1
    left -= run
  }
}
