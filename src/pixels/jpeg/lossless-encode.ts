import { type Code, codesOf, type HuffmanCode, huffmanCode } from './huffman-code.ts'
import { MARKER } from './markers.ts'

type Shape = { rows: number; columns: number; components: 1 | 3; precision: number }

/** Categories of differences: 0 to 16 (§H.1.2.2). */
const CATEGORIES = 17

/**
 * JPEG lossless, process 14, first-order prediction (Selection Value 1): Transfer Syntax .70. `samples` are
 * colour-by-pixel and lie within `precision` bits. Same samples, same bytes, on every machine. Of even length.
 */
export function encodeLosslessJpeg({
  samples,
  ...shape
}: Shape & { samples: Uint8Array | Uint16Array }): Uint8Array {
  const differences = differencesOf(samples, shape)
  const frequencies = new Uint32Array(CATEGORIES)
  for (let at = 0; at < differences.length; at++) {
    const category = categoryOf(differences[at] ?? 0)
    frequencies[category] = (frequencies[category] ?? 0) + 1
  }
  const code = huffmanCode(frequencies)
  const codes = codesOf(code, CATEGORIES)
  const bits = codes.reduce(
    (sum, { size }, category) => sum + (frequencies[category] ?? 0) * (size + extraBits(category)),
    0,
  )
  const head = headerOf(shape, code)
  // Every byte may be FF, and is then followed by a stuffed zero (§F.1.2.3).
  const into = new Uint8Array(head.byteLength + 2 * Math.ceil(bits / 8) + 4)
  into.set(head)
  let at = writeScan(differences, codes, into, head.byteLength)
  // PS3.5 §A.4: fragments are of even length. A fill byte before the marker (§B.1.1.2) does no harm to any reader.
  if (at % 2 === 1) into[at++] = 0xff
  into.set([0xff, MARKER.eoi], at)
  return into.slice(0, at + 2)
}

/** What each sample differs by from the one before (§H.1.2.1), modulo 65536: -32767 to 32768. */
function differencesOf(
  samples: Uint8Array | Uint16Array,
  { rows, columns, components, precision }: Shape,
): Int32Array {
  const stride = columns * components
  const differences = new Int32Array(rows * stride)
  for (let row = 0; row < rows; row++) {
    for (let at = row * stride; at < (row + 1) * stride; at++) {
      const inLine = at - row * stride
      // First the middle, then in the first column what is above, else what is left.
      const predicted =
        inLine >= components
          ? samples[at - components]
          : row > 0
            ? samples[at - stride]
            : 1 << (precision - 1)
      const difference = ((samples[at] ?? 0) - (predicted ?? 0)) & 0xffff
      differences[at] = difference > 32_768 ? difference - 65_536 : difference
    }
  }
  return differences
}

const categoryOf = (difference: number): number => 32 - Math.clz32(Math.abs(difference))

/** 32768 is its category's only member (§H.1.2.2). */
const extraBits = (category: number): number => (category === 16 ? 0 : category)

function writeScan(differences: Int32Array, codes: readonly Code[], into: Uint8Array, start: number): number {
  const codeOf = Uint32Array.from(codes, ({ code }) => code)
  const sizeOf = Uint8Array.from(codes, ({ size }) => size)
  let at = start
  let held = 0
  let bits = 0
  const put = (value: number, count: number) => {
    held = (held << count) | value
    bits += count
    while (bits >= 8) {
      bits -= 8
      const byte = (held >>> bits) & 0xff
      into[at++] = byte
      if (byte === 0xff) into[at++] = 0
    }
  }
  for (let index = 0; index < differences.length; index++) {
    const difference = differences[index] ?? 0
    const category = categoryOf(difference)
    put(codeOf[category] ?? 0, sizeOf[category] ?? 0)
    if (category === 0 || category === 16) continue
    put(difference < 0 ? difference + (1 << category) - 1 : difference, category)
  }
  if (bits > 0) put((1 << (8 - bits)) - 1, 8 - bits)
  return at
}

function headerOf(
  { rows, columns, components, precision }: Shape,
  { lengths, symbols }: HuffmanCode,
): Uint8Array {
  const ids = Array.from({ length: components }, (_, index) => index + 1)
  return Uint8Array.from([
    ...[0xff, MARKER.soi],
    ...segment(MARKER.sof3, [
      ...[precision, ...uint16(rows), ...uint16(columns), components],
      ...ids.flatMap((id) => [id, 0x11, 0]),
    ]),
    ...segment(MARKER.dht, [0, ...lengths, ...symbols]),
    ...segment(MARKER.sos, [components, ...ids.flatMap((id) => [id, 0]), 1, 0, 0]),
  ])
}

const uint16 = (value: number) => [value >> 8, value & 0xff]
const segment = (marker: number, content: number[]) => [
  0xff,
  marker,
  ...uint16(content.length + 2),
  ...content,
]
