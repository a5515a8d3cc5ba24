/** A PDF of one empty page, its title told in a comment so that each is another document. */
export function tinyPdf(title: string): Uint8Array<ArrayBuffer> {
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] >>',
  ]
  let text = `%PDF-1.4\n% ${title}\n`
  const offsets = objects.map((object, index) => {
    const offset = text.length
    text += `${index + 1} 0 obj\n${object}\nendobj\n`
    return offset
  })
  const xref = text.length
  const lines = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('')
  text += `xref\n0 4\n0000000000 65535 f \n${lines}trailer\n<< /Size 4 /Root 1 0 R >>\nstartxref\n${xref}\n%%EOF\n`
  return new Uint8Array(Buffer.from(text, 'latin1'))
}

/** A DICOM File of one 4 × 4 image (PS3.10 §7.1), Explicit VR Little Endian. */
export function tinyImage(accessionNumber: string, number: number): Uint8Array {
  const root = `1.2.826.0.1.3680043.8.498.77.${number}`
  const sopClass = '1.2.840.10008.5.1.4.1.1.7'
  const meta = Buffer.concat([
    element(0x0002, 0x0001, 'OB', Buffer.from([0, 1])),
    element(0x0002, 0x0002, 'UI', sopClass),
    element(0x0002, 0x0003, 'UI', `${root}.1.1`),
    element(0x0002, 0x0010, 'UI', '1.2.840.10008.1.2.1'),
    element(0x0002, 0x0012, 'UI', '1.2.3.4'),
  ])
  const length = Buffer.alloc(4)
  length.writeUInt32LE(meta.byteLength)
  const short = (value: number) => Buffer.from([value & 255, value >> 8])
  return Buffer.concat([
    Buffer.alloc(128),
    Buffer.from('DICM'),
    element(0x0002, 0x0000, 'UL', length),
    meta,
    element(0x0008, 0x0016, 'UI', sopClass),
    element(0x0008, 0x0018, 'UI', `${root}.1.1`),
    element(0x0008, 0x0020, 'DA', '20200518'),
    element(0x0008, 0x0050, 'SH', accessionNumber),
    element(0x0008, 0x0060, 'CS', 'OT'),
    element(0x0010, 0x0010, 'PN', 'ROSSI^MARIO'),
    element(0x0010, 0x0020, 'LO', `P${number}`),
    element(0x0010, 0x0030, 'DA', '19800423'),
    element(0x0020, 0x000d, 'UI', root),
    element(0x0020, 0x000e, 'UI', `${root}.1`),
    element(0x0028, 0x0002, 'US', short(1)),
    element(0x0028, 0x0004, 'CS', 'MONOCHROME2'),
    element(0x0028, 0x0010, 'US', short(4)),
    element(0x0028, 0x0011, 'US', short(4)),
    element(0x0028, 0x0100, 'US', short(8)),
    element(0x0028, 0x0101, 'US', short(8)),
    element(0x0028, 0x0102, 'US', short(7)),
    element(0x0028, 0x0103, 'US', short(0)),
    element(0x7fe0, 0x0010, 'OB', Buffer.alloc(16, 100)),
  ])
}

function element(group: number, number: number, vr: string, value: string | Buffer): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'latin1') : value
  const padding =
    bytes.byteLength % 2 ? Buffer.from(vr === 'UI' || vr === 'OB' ? '\0' : ' ') : Buffer.alloc(0)
  const long = vr === 'OB'
  const header = Buffer.alloc(long ? 12 : 8)
  header.writeUInt16LE(group, 0)
  header.writeUInt16LE(number, 2)
  header.write(vr, 4, 'latin1')
  const length = bytes.byteLength + padding.byteLength
  if (long) header.writeUInt32LE(length, 8)
  else header.writeUInt16LE(length, 6)
  return Buffer.concat([header, bytes, padding])
}
