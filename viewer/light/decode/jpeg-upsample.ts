interface Size {
  readonly columns: number
  readonly rows: number
  readonly stride: number
}

/**
 * Rows of a subsampled plane at full size. Halved colours are put back with a triangle filter, as the Independent JPEG
 * Group's decoder does ("fancy upsampling"), so that pictures are those of dcmtk; other ratios by repetition.
 */
export function widened(
  samples: Uint16Array,
  size: Size,
  across: number,
  down: number,
): (y: number) => Uint16Array | Uint32Array {
  const { columns, rows, stride } = size
  const line = (y: number) => samples.subarray(y * stride, y * stride + columns)
  if (across === 1 && down === 1) return line
  if (across !== 2 || down > 2 || columns < 3) {
    const out = new Uint16Array(columns * across)
    return (y) => {
      const row = line(Math.floor(y / down))
      for (let x = 0; x < out.length; x++) out[x] = row[Math.floor(x / across)] as number
      return out
    }
  }
  const out = new Uint16Array(columns * 2)
  if (down === 1)
    return (y) => {
      doubled(line(y), out, 4, 1, 2)
      return out
    }
  const sums = new Uint32Array(columns)
  return (y) => {
    const near = y >> 1
    const other = Math.min(rows - 1, Math.max(0, y & 1 ? near + 1 : near - 1))
    const [a, b] = [line(near), line(other)]
    for (let x = 0; x < columns; x++) sums[x] = 3 * (a[x] as number) + (b[x] as number)
    doubled(sums, out, 16, 8, 7)
    return out
  }
}

// Three parts of the nearer sample and one of the farther, with the roundings of libjpeg's jdsample.c taken in turn.
function doubled(
  row: Uint16Array | Uint32Array,
  out: Uint16Array,
  by: number,
  left: number,
  right: number,
): void {
  const last = row.length - 1
  const edge = by === 4 ? 0 : left
  const edgeRight = by === 4 ? 0 : right
  for (let x = 0; x <= last; x++) {
    const here = row[x] as number
    const before = row[x === 0 ? 0 : x - 1] as number
    const after = row[x === last ? last : x + 1] as number
    out[2 * x] = Math.floor((3 * here + before + (x === 0 ? edge : left)) / by)
    out[2 * x + 1] = Math.floor((3 * here + after + (x === last ? edgeRight : right)) / by)
  }
}
