import { type BaseBlock, type Constructed, fromBER } from 'asn1js'
import { afterAll, describe, expect, test } from 'vitest'
import { children, type Node, octets, oid, parse, parseWhole, text, time } from '../../src/signature/asn1.ts'
import { derOf, PERSON, plainPdf, signingOffice } from './support.ts'

const office = signingOffice()
afterAll(() => office[Symbol.dispose]())

const hex = (digits: string) => Buffer.from(digits.replaceAll(' ', ''), 'hex')
const read = (digits: string) => parseWhole(hex(digits))

/** The shape of a value, told by our reader and by asn1js. */
type Shape = { tag: number; size: number; inside: Shape[] }
const ours = (node: Node): Shape => ({
  tag: node.tag,
  size: node.raw.byteLength,
  inside: node.constructed ? children(node).map(ours) : [],
})
const theirs = (block: BaseBlock): Shape => ({
  tag: block.idBlock.tagNumber,
  size: block.blockLength,
  inside: block.idBlock.isConstructed ? (block as Constructed).valueBlock.value.map(theirs) : [],
})

test('signatures and certificates are read as asn1js reads them, in DER and with indefinite lengths', () => {
  const authority = office.authority()
  const rossi = office.issue(authority, { subject: PERSON, key: 'rsa' })
  const samples = [
    derOf(authority.pem),
    derOf(rossi.pem),
    office.sign(plainPdf(), rossi),
    office.sign(plainPdf('lungo '.repeat(3000)), rossi, { form: 'stream' }),
  ]
  for (const bytes of samples) {
    const block = fromBER(bytes, { parseEmbedded: false }).result
    expect(ours(parseWhole(bytes))).toEqual(theirs(block))
  }
})

describe('values (X.690)', () => {
  test('object identifiers, with long arcs and the arcs of joint-iso-itu-t', () => {
    expect(oid(read('06 09 2a864886f70d010702'))).toBe('1.2.840.113549.1.7.2')
    expect(oid(read('06 03 883703'))).toBe('2.999.3')
    expect(oid(read('06 03 550403'))).toBe('2.5.4.3')
  })

  test('octet strings in pieces, and pieces of pieces', () => {
    expect(Buffer.from(octets(read('24 80 0401aa 24040402bbcc 0000'))).toString('hex')).toBe('aabbcc')
  })

  test('times of both kinds and centuries', () => {
    const at = (tag: string, written: string) =>
      time(
        parseWhole(Buffer.concat([hex(tag), Buffer.from([written.length]), Buffer.from(written)])),
      ).toISOString()
    expect(at('17', '261123103000Z')).toBe('2026-11-23T10:30:00.000Z')
    expect(at('17', '500101000000Z')).toBe('1950-01-01T00:00:00.000Z')
    expect(at('17', '2611231030+0100')).toBe('2026-11-23T09:30:00.000Z')
    expect(at('18', '20261123103000.25Z')).toBe('2026-11-23T10:30:00.250Z')
    expect(() => at('18', '20261399000000Z')).toThrow('not a time')
  })

  test('names in UTF-8, UTF-16 and Latin-1', () => {
    expect(text(read('0c 06 526f7373c3ac'))).toBe('Rossì')
    expect(text(read('1e 04 00520020'))).toBe('R ')
    expect(text(read('14 02 52ec'))).toBe('Rì')
  })
})

describe('what is not whole is refused', () => {
  test.each([
    ['nothing', ''],
    ['a tag alone', '30'],
    ['a length beyond the bytes', '3003 0201'],
    ['a length of more bytes than there are', '3084 00'],
    ['an indefinite length that is never closed', '3080 020101'],
    ['an indefinite length of a primitive', '0480 0000'],
    ['a tag without end', '3f ffffffffffffff 00'],
    ['a length beyond all numbers', '30 89 ffffffffffffffffff 00'],
  ])('%s', (_, digits) => {
    expect(() => parse(hex(digits))).toThrow()
  })

  test('a value that reaches beyond the one that holds it', () => {
    expect(() => children(parse(hex('3003 0202 01 01')).node)).toThrow('reaches beyond')
  })

  test('values nested beyond any use', () => {
    expect(() => parse(Buffer.alloc(200, hex('3080')))).toThrow('too deep')
  })
})
