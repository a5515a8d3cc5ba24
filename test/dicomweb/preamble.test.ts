import { expect, test } from 'vitest'
import { openPart } from '../../src/dicomweb/multipart.ts'
import { withoutPreamble, withoutPreambles } from '../../src/dicomweb/preamble.ts'

const BODY = (preamble: string) =>
  [
    '--b\r\nContent-Type: application/dicom\r\nContent-Length: 140\r\nMIME-Version: 1.0\r\n\r\n',
    preamble.repeat(128),
    'DICM12345678\r\n--b\r\ncontent-length: 5\r\n\r\n',
    // Shorter than a preamble: whatever it is, it is no DICOM file.
    preamble.repeat(5),
    '\r\n--b\r\nContent-Length: 0\r\n\r\n\r\n--b--\r\n',
  ].join('')

async function* chunks(body: string, size: number) {
  const bytes = Buffer.from(body, 'latin1')
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function collected(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  const out: Uint8Array[] = []
  for await (const piece of pieces) out.push(piece)
  return Buffer.concat(out).toString('latin1')
}

const passed = (body: string, size: number) => collected(withoutPreambles(chunks(body, size)))

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

test.for([1, 2, 64, 129, 4096])(
  'a file alone is taken out of its envelope as it passes, in chunks of %i bytes too, its preamble zeroed (S48)',
  async (size) => {
    const part = await openPart(chunks(BODY('M'), size))
    expect([part.type, part.transferSyntaxUid, part.length]).toEqual(['application/dicom', null, 140])
    expect(await collected(withoutPreamble(part.chunks))).toBe(`${'\0'.repeat(128)}DICM12345678`)
  },
)

test('of an answer that streams by no more is read than was asked for, and what is cut short is an error', async () => {
  let read = 0
  async function* counted() {
    for await (const chunk of chunks(BODY('M'), 16)) {
      read += chunk.length
      yield chunk
    }
  }
  const { chunks: pieces } = await openPart(counted())
  const headed = read
  await pieces[Symbol.asyncIterator]().next()
  expect(read - headed).toBeLessThanOrEqual(16)
  const cut = await openPart(chunks(BODY('M').slice(0, 200), 16))
  await expect(collected(cut.chunks)).rejects.toThrow('cannot be read')
  for (const body of ['', '--b\r\nContent-Type: a/b\r\n\r\n', `--b\r\nX: ${'y'.repeat(9000)}`])
    await expect(openPart(chunks(body, 16))).rejects.toThrow('cannot be read')
})
