/** The disc's icon for Windows: a blue disc that we draw here, in the sizes that Explorer shows, each as a bitmap that Windows XP reads too. */
export function discIcon(): Uint8Array {
  const images = SIZES.map((size) => ({ size, bytes: bitmapOf(size) }))
  const directory = Buffer.alloc(6 + 16 * images.length)
  directory.writeUInt16LE(1, 2)
  directory.writeUInt16LE(images.length, 4)
  let offset = directory.byteLength
  for (const [index, { size, bytes }] of images.entries()) {
    const at = 6 + 16 * index
    directory.set([size, size], at)
    directory.writeUInt16LE(1, at + 4)
    directory.writeUInt16LE(32, at + 6)
    directory.writeUInt32LE(bytes.byteLength, at + 8)
    directory.writeUInt32LE(offset, at + 12)
    offset += bytes.byteLength
  }
  return Buffer.concat([directory, ...images.map(({ bytes }) => bytes)])
}

const SIZES = [16, 32, 48]

/** A BITMAPINFOHEADER, the pixels from the bottom up as blue, green, red, alpha, and a mask that hides nothing. */
function bitmapOf(size: number): Uint8Array {
  const mask = Math.ceil(size / 32) * 4 * size
  const bytes = Buffer.alloc(40 + 4 * size * size + mask)
  bytes.writeUInt32LE(40, 0)
  bytes.writeInt32LE(size, 4)
  // Pixels and mask are counted together.
  bytes.writeInt32LE(2 * size, 8)
  bytes.writeUInt16LE(1, 12)
  bytes.writeUInt16LE(32, 14)
  bytes.writeUInt32LE(4 * size * size + mask, 20)
  for (let y = 0, at = 40; y < size; y++) {
    for (let x = 0; x < size; x++, at += 4) bytes.set(pixelAt(x, size - 1 - y, size), at)
  }
  return bytes
}

/** Points of a pixel, each way, whose colours are mixed: edges are smooth. */
const POINTS = 4

function pixelAt(
  x: number,
  y: number,
  size: number,
): [blue: number, green: number, red: number, alpha: number] {
  const sum = [0, 0, 0]
  let covered = 0
  for (let point = 0; point < POINTS * POINTS; point++) {
    const across = (x + ((point % POINTS) + 0.5) / POINTS) / size - 0.5
    const down = (y + (Math.floor(point / POINTS) + 0.5) / POINTS) / size - 0.5
    const colour = colourAt(across, down)
    if (!colour) continue
    covered++
    for (const [index, value] of colour.entries()) sum[index] = (sum[index] ?? 0) + value
  }
  const [blue = 0, green = 0, red = 0] = sum.map((value) => Math.round(value / Math.max(1, covered)))
  return [blue, green, red, Math.round((255 * covered) / (POINTS * POINTS))]
}

const BLUE = [0xcc, 0x66, 0x00]
const PALE = [0xf2, 0xe0, 0xcc]
const WHITE = [0xff, 0xff, 0xff]

/** Of a point, from the middle of a picture that is 1 wide; null where nothing is. No angle is computed: the same on every machine. */
function colourAt(across: number, down: number): readonly number[] | null {
  const square = across * across + down * down
  if (square > 0.48 ** 2 || square < 0.075 ** 2) return null
  if (square < 0.17 ** 2) return WHITE
  // Light falls on it from two sides.
  const isLit = across * down < 0 && Math.abs(across + down) < 0.45 * Math.abs(across - down)
  return isLit && square < 0.43 ** 2 ? PALE : BLUE
}
