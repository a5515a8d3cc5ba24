import { describe, expect, test } from 'vitest'
import { contentOf } from '../../src/hl7/content.ts'
import { readMapping } from '../../src/hl7/mapping.ts'
import { parseMessage } from '../../src/hl7/message.ts'
import { inspectDocument, loadTrustStore } from '../../src/signature/signature.ts'
import { signed } from '../fhir/signed.ts'
import { pdfOf } from '../support/fixtures.ts'

const MSH = 'MSH|^~\\&|RIS|OSP|RITIRO|OSP|20261123120000||ORU^R01|1|P|2.5'
const rules = {
  maxReportBytes: 5_000_000,
  inspect: (document: Uint8Array) =>
    inspectDocument(document, { trusted: loadTrustStore(), now: new Date() }),
}

function read(obx: string[], mapping = '{}') {
  const { segments, delimiters } = parseMessage([MSH, ...obx].join('\r'))
  return contentOf(segments, delimiters, { ...rules, mapping: readMapping(mapping) })
}
const bytesOf = async (obx: string[]) =>
  Buffer.from((await read(obx)).document?.bytes ?? []).toString('base64')

describe('a report’s text', () => {
  test('is its OBX in order, a line each repetition', async () => {
    const obx = ['OBX|1|FT|A||Uno\\.br\\due~tre', 'OBX|2|NM|B||12', 'OBX|3|TX|D||a \\T\\ b']
    expect((await read(obx)).text).toBe('Uno\ndue\ntre\na & b')
  })

  test('holds neither the values that the mapping names elsewhere, nor a document without a type', async () => {
    const pdf = Buffer.from(await pdfOf('x')).toString('base64')
    const obx = [
      'OBX|1|ST|EMAIL||m.rossi@example.org',
      'OBX|2|ST|CONSENSO-ONLINE||S',
      'OBX|3|FT|REFERTO||Nulla.',
      `OBX|4||DOC||^A^PDF^Base64^${pdf}`,
    ]
    const mapping = '{"email": ["OBX[3.1=EMAIL]-5"], "physician": ["OBX[3.1=REFERTO]-16"]}'
    const { text, document } = await read(obx, mapping)
    expect(text).toBe('Nulla.')
    expect(Buffer.from(document?.bytes ?? []).toString('base64')).toBe(pdf)
  })

  test('stands where `text` says, and nowhere else', async () => {
    const obx = ['OBX|1|FT|QUESITO||Tosse?', 'OBX|2|FT|REFERTO||Nulla.', 'NTE|1||Controllo tra un anno.']
    const mapping = '{"text": ["OBX[3.1=REFERTO]-5", "NTE-3"]}'
    expect((await read(obx, mapping)).text).toBe('Nulla.\nControllo tra un anno.')
  })
})

describe('a document cut into parts is whole again (HL7 v2.5 §2.A.24)', () => {
  const whole = pdfOf('Referto').then((pdf) => Buffer.from(pdf).toString('base64'))
  const cut = (text: string, at: number) => [text.slice(0, at), text.slice(at)]
  const obx = (set: number, data: string, observation = 'DOC', kind = 'PDF') =>
    `OBX|${set}|ED|${observation}||RIS^A^${kind}^Base64^${data}`

  test('of repetitions, wherever they are cut, with or without what goes before the data', async () => {
    const base64 = await whole
    const lines = (base64.match(/.{1,76}/g) ?? []).join('~')
    expect(await bytesOf([obx(1, `${lines}~`)])).toBe(base64)
    const [first = '', rest = ''] = cut(base64, 1001)
    expect(await bytesOf([obx(1, `${first}~RIS^A^PDF^Base64^${rest}`)])).toBe(base64)
  })

  test('of one OBX after the other with the same OBX-3, each padded by itself or not', async () => {
    const base64 = await whole
    const bytes = Buffer.from(base64, 'base64')
    const padded = [bytes.subarray(0, 1000), bytes.subarray(1000)].map((part) => part.toString('base64'))
    expect(padded[0]).toMatch(/=$/)
    for (const parts of [cut(base64, 1001), padded])
      expect(await bytesOf(parts.map((data, index) => obx(index + 1, data)))).toBe(base64)
  })

  test('and what is a document of its own stays one: a .p7m beside its PDF, an attachment of another kind', async () => {
    const base64 = await whole
    const p7m = Buffer.from(await signed(Buffer.from(base64, 'base64'))).toString('base64')
    expect(await bytesOf([obx(1, base64), obx(2, p7m)])).toBe(p7m)
    expect(await bytesOf([obx(1, p7m), obx(2, base64)])).toBe(p7m)
    const picture = Buffer.from([0xff, 0xd8, 0xff, 0xe0]).toString('base64')
    expect(await bytesOf([obx(1, base64), obx(2, picture, 'DOC', 'JPEG')])).toBe(base64)
    expect(await bytesOf([obx(1, base64), obx(2, picture, 'FOTO')])).toBe(base64)
  })

  test('or is refused where a part is missing in the middle of a character', async () => {
    const [first = '', rest = ''] = cut(await whole, 1001)
    await expect(read([obx(1, first), obx(2, rest.slice(0, 400))])).rejects.toThrow('not valid base64')
  })
})
