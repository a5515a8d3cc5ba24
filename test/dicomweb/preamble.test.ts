import { expect, test } from 'vitest'
import { withoutPreambles } from '../../src/dicomweb/preamble.ts'

const BODY = (preamble: string) =>
  [
    '--b\r\nContent-Type: application/dicom\r\nContent-Length: 140\r\nMIME-Version: 1.0\r\n\r\n',
    preamble.repeat(128),
    'DICM12345678\r\n--b\r\ncontent-length: 5\r\n\r\n',
    // Shorter than a preamble: whatever it is, it is no DICOM file.
    preamble.repeat(5),
    '\r\n--b\r\nContent-Length: 0\r\n\r\n\r\n--b--\r\n',
  ].join('')

async function passed(body: string, size: number): Promise<string> {
  async function* chunks() {
    const bytes = Buffer.from(body, 'latin1')
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
  }
  const out: Uint8Array[] = []
  for await (const chunk of withoutPreambles(chunks())) out.push(chunk)
  return Buffer.concat(out).toString('latin1')
}

test.for([1, 2, 7, 64, 129, 4096])(
  'S48: in chunks of %i bytes too, each part’s preamble is zeroed and nothing else',
  async (size) => {
    expect(await passed(BODY('M'), size)).toBe(BODY('\0'))
  },
)

test('S48: a body whose parts do not tell their lengths is broken off, as its preambles cannot be found', async () => {
  await expect(passed('--b\r\nContent-Type: application/dicom\r\n\r\nMZ', 10)).rejects.toThrow('length')
  await expect(passed('x'.repeat(10_000), 100)).rejects.toThrow('header')
})
