/** Rows, columns and components as the header of a JPEG, JPEG-LS or JPEG 2000 code stream says; null where it says nothing. */
export function shapeOf(stream: Uint8Array): { rows: number; columns: number; components: number } | null {
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength)
  const start = stream.byteLength > 4 ? view.getUint16(0) : 0
  if (start === 0xff4f) return shapeOfJpeg2000(view)
  return start === 0xffd8 ? shapeOfJpeg(view) : null
}

/** SIZ comes right after SOC (ISO/IEC 15444-1 §A.5.1). */
function shapeOfJpeg2000(view: DataView) {
  if (view.byteLength < 42 || view.getUint16(2) !== 0xff51) return null
  const extent = (end: number, offset: number) => view.getUint32(end) - view.getUint32(offset)
  return { columns: extent(8, 16), rows: extent(12, 20), components: view.getUint16(40) }
}

/** The frame header: SOF0–SOF15, or SOF55 of JPEG-LS (ISO/IEC 10918-1 §B.2.2, 14495-1 §C.2.2). */
function shapeOfJpeg(view: DataView) {
  for (let at = 2; at + 10 <= view.byteLength; ) {
    if (view.getUint8(at) !== 0xff) return null
    const marker = view.getUint8(at + 1)
    if (marker === 0xff) {
      at++
      continue
    }
    const isFrame =
      marker === 0xf7 || (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker))
    if (isFrame)
      return {
        rows: view.getUint16(at + 5),
        columns: view.getUint16(at + 7),
        components: view.getUint8(at + 9),
      }
    at += 2 + view.getUint16(at + 2)
  }
  return null
}
