import { describe, expect, test } from 'vitest'
import { acknowledgement, headerOf } from '../../src/hl7/ack.ts'
import { decodeMessage } from '../../src/hl7/character-set.ts'
import { escapeText, parseMessage, unescapeText } from '../../src/hl7/message.ts'
import { parsePath, valuesAt } from '../../src/hl7/path.ts'
import { dayOf, orderGroups, readerOf } from '../../src/hl7/values.ts'

const MSH = 'MSH|^~\\&|RIS|OSP|RITIRO|OSP|20261123120000||ORU^R01|1|P|2.5'

const at = (message: string, ...paths: string[]) => {
  const { segments, delimiters } = parseMessage(message)
  return valuesAt(
    segments,
    paths.map((text) => {
      const path = parsePath(text)
      if (!path) throw new Error(`${text} is no path`)
      return path
    }),
    delimiters,
  )
}

describe('a message is taken apart (HL7 v2.5 §2.6)', () => {
  test.each(['\r', '\n', '\r\n', '\r\r', '\n\r\n'])('whatever ends its segments: %j', (end) => {
    const message = `${[MSH, 'pid|1||P1', 'PV1', 'OBX|1|TX|||a'].join(end)}${end}`
    expect(parseMessage(message).segments.map(({ name }) => name)).toEqual(['MSH', 'PID', 'PV1', 'OBX'])
    expect(at(message, 'PID-3.1', 'OBX-5.1')).toEqual(['P1', 'a'])
  })

  test('MSH-1 and MSH-2 name the delimiters, and MSH counts its fields from the separator', () => {
    const message = 'MSH#*!?%#RIS*1%2#OSP\rPID###A*B%C!D*E'
    expect(at(message, 'MSH-3.2.2', 'PID-3.1', 'PID-3.2.2', 'PID-3.2')).toEqual([
      '2',
      'A',
      'D',
      'C',
      'B',
      'E',
    ])
  })

  test('a line that is no segment goes on with the text before it', () => {
    const message = `${MSH}\rOBX|1|TX|||Prima riga\nseconda riga\n\nterza\rOBX|2|TX|||fine`
    expect(at(message, 'OBX-5.1')).toEqual(['Prima riga\nseconda riga\n\nterza', 'fine'])
  })

  test('base64 cut into lines is one value again', () => {
    const lines = Buffer.alloc(300, 7).toString('base64').replaceAll(/.{76}/g, '$&\r\n')
    const [value] = at(`${MSH}\rOBX|1|ED|||^A^PDF^Base64^${lines}\r`, 'OBX-5.5')
    expect(Buffer.from(value ?? '', 'base64')).toEqual(Buffer.alloc(300, 7))
  })

  test.each(['', ' \r\n', 'PID|1', 'MSH', 'MSHA', 'MSH|^^\\&|', 'MSH|^~\\&XYZ|', '\0\0', 'GET / HTTP/1.1'])(
    'what does not begin as one is refused: %j',
    (text) => {
      expect(() => parseMessage(text)).toThrow(/MSH|empty/)
    },
  )

  test('a path picks repetitions and segments by what they hold', () => {
    const message = `${MSH}\rPID|1||P1^^^OSP^PI~RSSMRA^^^MEF^NNITA||ROSSI^MARIO\rOBX|1|TX|EMAIL||a@b.it\rOBX|2|TX|ALTRO||x`
    expect(at(message, 'PID-3[5=NNITA].1')).toEqual(['RSSMRA'])
    expect(at(message, 'PID-3[4.1=osp].1')).toEqual(['P1'])
    expect(at(message, 'OBX[3.1=EMAIL]-5')).toEqual(['a@b.it'])
    expect(at(message, 'PID-3.1')).toEqual(['P1', 'RSSMRA'])
    expect(at(message, 'PID-99', 'ZZZ-1', 'PID-3.9.9')).toEqual([])
    expect(['PID', 'PID-', 'pid-3', 'PID-3[5]', 'PID-3.1.1.1', 'PID-3[5=].1'].map(parsePath)).toEqual(
      Array(6).fill(null),
    )
  })
})

describe('escape sequences (HL7 v2.5 §2.7)', () => {
  const { delimiters } = parseMessage(MSH)

  test.each([
    ['a\\F\\b\\S\\c\\R\\d\\E\\e\\T\\f', 'a|b^c~d\\e&f'],
    ['riga\\.br\\riga\\.sp2\\fine', 'riga\nriga\n\nfine'],
    ['\\H\\forte\\N\\ piano', 'forte piano'],
    ['citt\\XE0\\', 'città'],
    ['citt\\XC3A0\\', 'città'],
    ['C:\\dati\\referti', 'C:\\dati\\referti'],
    ['50\\', '50\\'],
    ['\\X0G\\', '\\X0G\\'],
    ['', ''],
  ])('%j says %j', (escaped, text) => {
    expect(unescapeText(escaped, delimiters)).toBe(text)
  })

  test('what is escaped reads as it was', () => {
    const text = 'a|b^c~d\\e&f àè €'
    expect(escapeText(text, delimiters)).not.toMatch(/[|^~&]/)
    expect(unescapeText(escapeText(text, delimiters), delimiters)).toBe(text)
  })

  test('a count that asks for millions of lines gets few', () => {
    expect(unescapeText('\\.sp99999999\\', delimiters).length).toBeLessThan(100)
  })
})

describe('character sets (MSH-18, table 0211)', () => {
  const message = (charset: string) => `${MSH}||||||${charset}\rPID|1||||Rossì^Niccolò€\r`
  const encode = (text: string, encoding: 'latin1' | 'utf8' | '15') =>
    encoding === '15'
      ? Buffer.from(text.replaceAll('€', '\xa4'), 'latin1')
      : Buffer.from(encoding === 'latin1' ? text.replaceAll('€', '') : text, encoding)

  test.each([
    ['UNICODE UTF-8', 'utf8', 'Rossì^Niccolò€'],
    ['utf-8', 'utf8', 'Rossì^Niccolò€'],
    ['8859/1', 'latin1', 'Rossì^Niccolò'],
    ['ISO IR100', 'latin1', 'Rossì^Niccolò'],
    ['8859/15', '15', 'Rossì^Niccolò€'],
    ['', 'utf8', 'Rossì^Niccolò€'],
    ['', 'latin1', 'Rossì^Niccolò'],
    ['ASCII', 'latin1', 'Rossì^Niccolò'],
    ['8859/1~UNICODE UTF-8', 'latin1', 'Rossì^Niccolò'],
  ] as const)('%j written in %s', (charset, encoding, name) => {
    const text = decodeMessage(encode(message(charset), encoding))
    expect(parseMessage(text).segments[1]?.fields[5]).toBe(name)
  })

  test('bytes that are not of the set they claim are refused, and so is a set that is not read', () => {
    expect(() => decodeMessage(encode(message('UNICODE UTF-8'), 'latin1'))).toThrow(/not UTF-8/)
    expect(() => decodeMessage(encode(message('ISO IR87'), 'utf8'))).toThrow(/not read here/)
  })
})

describe('values', () => {
  test.each([
    ['20261123', '2026-11-23'],
    ['20261123120000+0100', '2026-11-23'],
    ['2026-11-23', '2026-11-23'],
    ['20260230', undefined],
    ['202611', undefined],
    ['""', undefined],
  ])('the day of %j is %j', (text, day) => {
    expect(dayOf(text)).toBe(day)
  })

  test('orders stand apart, each with its own patient', () => {
    const message = parseMessage(
      [
        MSH,
        'PID|1||A',
        'ORC|NW',
        'OBR|1',
        'OBX|1',
        'OBR|2',
        'PID|2||B',
        'PV1',
        'OBR|3',
        'ORC|NW',
        'OBR|4',
      ].join('\r'),
    )
    expect(orderGroups(message).map((group) => group.map(({ name }) => name).join(' '))).toEqual([
      'MSH PID ORC OBR OBX',
      'MSH PID OBR',
      'MSH PID PV1 OBR',
      'MSH PID PV1 ORC OBR',
    ])
  })

  test('a person is named in whichever form their names come', () => {
    const name = (field: string) => {
      const { segments, delimiters } = parseMessage(`${MSH}\rOBR|1|${field}`)
      return readerOf(segments, delimiters).person([parsePath('OBR-2')].filter((path) => path !== null))
    }
    expect(name('123^BIANCHI^ANNA^^^DR.SSA')).toBe('DR.SSA ANNA BIANCHI')
    expect(name('123&BIANCHI&ANNA&&&DR.SSA^20261123')).toBe('DR.SSA ANNA BIANCHI')
    expect(name('123')).toBeUndefined()
  })
})

test('an answer turns MSH around and says why, in the form of the sender’s version', () => {
  const answerTo = (version: string) => {
    const message = parseMessage(MSH.replace(/2\.5$/, version))
    return acknowledgement(
      { code: 'AE', condition: 101, text: 'PID-7 is missing | really', location: 'PID-7' },
      {
        header: headerOf(message),
        delimiters: message.delimiters,
        now: new Date('2026-11-23T11:00:00Z'),
        id: 'x1',
      },
    )
  }
  expect(answerTo('2.5')).toBe(
    'MSH|^~\\&|RITIRO|OSP|RIS|OSP|20261123110000+0000||ACK^R01^ACK|x1|P|2.5\r' +
      'MSA|AE|1|PID-7 is missing \\F\\ really\r' +
      'ERR||PID^1^7|101^Required field missing^HL70357|E||||PID-7 is missing \\F\\ really\r',
  )
  expect(answerTo('2.3')).toContain('ERR|PID^1^7^101&Required field missing&HL70357\r')
})
