import { BitReader, coloursOf, JpegError, type JpegImage, type Parsed, type Scan } from './jpeg-model.ts'

/** Lossless, predictors 1 to 7 (T.81 §H). */
export function decodeLossless(parsed: Parsed): JpegImage {
  const { width, height, precision, components, scans } = parsed
  if (components.some(({ h, v }) => h !== 1 || v !== 1)) throw new JpegError('subsampled lossless')
  const count = components.length as 1 | 3
  const out = new Uint16Array(width * height * count)
  for (const scan of scans) decodeScan(scan, parsed, out, count)
  const samples = precision <= 8 ? Uint8Array.from(out) : out
  return { width, height, precision, components: count, samples, colours: coloursOf(parsed) }
}

function decodeScan(scan: Scan, { width, height, precision }: Parsed, out: Uint16Array, step: number): void {
  const { parts, predictor, pointTransform: shift, restartInterval, data } = scan
  const reader = new BitReader(data)
  const row = width * step
  const tables = parts.map(({ dc }) => {
    const table = scan.tables.dc[dc]
    if (!table) throw new JpegError('no table')
    return table
  })
  const first = 1 << (precision - shift - 1)
  let untilRestart = restartInterval
  // The first row after the start or a restart predicts from the left only (§H.1.2.1).
  let startRow = 0
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (restartInterval > 0 && untilRestart-- === 0) {
        reader.restart()
        untilRestart = restartInterval - 1
        startRow = y
        if (x > 0) throw new JpegError('a restart within a row')
      }
      for (let part = 0; part < parts.length; part++) {
        const at = y * row + x * step + (parts[part]?.component ?? 0)
        const table = tables[part]
        if (!table) throw new JpegError('no table')
        const length = reader.decode(table)
        const difference = length === 16 ? 32768 : reader.signed(length)
        let predicted: number
        if (y === startRow) predicted = x === 0 ? first : (out[at - step] as number)
        else if (x === 0) predicted = out[at - row] as number
        else
          predicted = predict(
            predictor,
            out[at - step] as number,
            out[at - row] as number,
            out[at - row - step] as number,
          )
        out[at] = predicted + difference
      }
    }
  }
  reader.checkEnd()
  if (shift > 0)
    for (const { component } of parts)
      for (let at = component; at < out.length; at += step) out[at] = (out[at] as number) << shift
}

// Table H.1: left, above, corner.
function predict(predictor: number, a: number, b: number, c: number): number {
  switch (predictor) {
    case 1:
      return a
    case 2:
      return b
    case 3:
      return c
    case 4:
      return a + b - c
    case 5:
      return a + ((b - c) >> 1)
    case 6:
      return b + ((a - c) >> 1)
    case 7:
      return (a + b) >> 1
    default:
      throw new JpegError(`predictor ${predictor}`)
  }
}
