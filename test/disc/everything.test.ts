import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { deflateRawSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import { decodeText } from '../../src/disc/dicom/text.ts'
import { planDisc } from '../../src/disc/disc.ts'
import { prepareManifest } from '../../src/disc/manifest.ts'
import { createCodecs } from '../../src/pixels/pixels.ts'
import { dicomFile, instance } from '../support/dicom.ts'
import { CONTENT, DISC_DATE } from '../support/disc.ts'
import { converted, picture, pictured, type Shape } from '../support/pixels.ts'

const codecs = createCodecs({ threads: 2 })
afterAll(() => codecs.close())

/** How a file goes on a disc of its own: record, what is done to it, what it is then, and the first of its profiles. */
async function sent(file: Uint8Array) {
  async function* files() {
    yield { orthancId: 'one', bytes: file }
  }
  const manifest = await prepareManifest(files(), codecs.decodeFile)
  const [found] = manifest.instances
  const { profile } = planDisc({ manifests: [manifest], content: CONTENT, date: DISC_DATE })
  const syntax = found?.transferSyntaxUid.replace('1.2.840.10008.1.2.', '')
  return [found?.recordType, found?.conversion, syntax, profile.names[0]]
}

const S = '1.2.840.10008.5.1.4.1.1'
const CLASSES: readonly [
  what: string,
  sopClass: string,
  modality: string,
  record: string,
  pixels?: boolean,
][] = [
  ['CT', `${S}.2`, 'CT', 'IMAGE'],
  ['enhanced CT', `${S}.2.1`, 'CT', 'IMAGE'],
  ['MR', `${S}.4`, 'MR', 'IMAGE'],
  ['enhanced MR', `${S}.4.1`, 'MR', 'IMAGE'],
  ['CR', `${S}.1`, 'CR', 'IMAGE'],
  ['DX', `${S}.1.1`, 'DX', 'IMAGE'],
  ['mammography', `${S}.1.2`, 'MG', 'IMAGE'],
  ['breast tomosynthesis', `${S}.13.1.3`, 'MG', 'IMAGE'],
  ['ultrasound', `${S}.6.1`, 'US', 'IMAGE'],
  ['ultrasound, multi-frame', `${S}.3.1`, 'US', 'IMAGE'],
  ['X-ray angiography', `${S}.12.1`, 'XA', 'IMAGE'],
  ['X-ray fluoroscopy', `${S}.12.2`, 'RF', 'IMAGE'],
  ['nuclear medicine', `${S}.20`, 'NM', 'IMAGE'],
  ['PET', `${S}.128`, 'PT', 'IMAGE'],
  ['secondary capture', `${S}.7`, 'OT', 'IMAGE'],
  ['secondary capture, colour, multi-frame', `${S}.7.4`, 'OT', 'IMAGE'],
  ['parametric map', `${S}.30`, 'OT', 'IMAGE'],
  ['segmentation', `${S}.66.4`, 'SEG', 'IMAGE'],
  ['surface segmentation', `${S}.66.5`, 'SEG', 'SURFACE', false],
  ['RT image', `${S}.481.1`, 'RTIMAGE', 'IMAGE'],
  ['RT dose', `${S}.481.2`, 'RTDOSE', 'RT DOSE'],
  ['RT structure set', `${S}.481.3`, 'RTSTRUCT', 'RT STRUCTURE SET', false],
  ['RT treatment record', `${S}.481.4`, 'RTRECORD', 'RT TREAT RECORD', false],
  ['RT plan', `${S}.481.5`, 'RTPLAN', 'RT PLAN', false],
  ['basic text SR', `${S}.88.11`, 'SR', 'SR DOCUMENT', false],
  ['comprehensive SR', `${S}.88.33`, 'SR', 'SR DOCUMENT', false],
  ['radiation dose SR', `${S}.88.67`, 'SR', 'SR DOCUMENT', false],
  ['key object selection', `${S}.88.59`, 'KO', 'KEY OBJECT DOC', false],
  ['presentation state', `${S}.11.1`, 'PR', 'PRESENTATION', false],
  ['encapsulated PDF', `${S}.104.1`, 'DOC', 'ENCAP DOC', false],
  ['12-lead ECG', `${S}.9.1.1`, 'ECG', 'WAVEFORM', false],
  ['waveform presentation state', `${S}.9.100.1`, 'PR', 'PRESENTATION', false],
  ['raw data', `${S}.66`, 'MR', 'RAW DATA', false],
  ['a private class with pixels', '1.3.12.2.1107.5.9.1', 'OT', 'PRIVATE'],
  ['a private class without', '1.3.12.2.1107.5.9.1', 'OT', 'PRIVATE', false],
]

describe('every kind of object has its record, and becomes Explicit VR Little Endian from every encoding', () => {
  test.each(CLASSES)('%s', async (_, sopClass, modality, record, pixels = true) => {
    const elements = instance({ sopClass, modality, pixels })
    expect(await sent(dicomFile(elements))).toEqual([record, 'none', '1', 'STD-GEN-CD'])
    for (const encoding of ['implicit', 'big', 'deflated'] as const)
      expect(await sent(dicomFile(elements, { encoding })), encoding).toEqual([
        record,
        'explicit-vr',
        '1',
        'STD-GEN-CD',
      ])
  })
})

const GREY: Shape = { stored: 12 }
const COLOUR: Shape = { samples: 3, allocated: 8 }
const code = (shape: Shape, program: string, ...options: string[]) =>
  converted(picture(shape), program, ...options)
const SYNTAXES: readonly [
  syntax: string,
  file: () => Uint8Array,
  conversion: string,
  sent: string,
  profile: string,
][] = [
  ['JPEG baseline', () => code(COLOUR, 'dcmcjpeg', '+eb'), 'none', '4.50', 'STD-GEN-DVD-JPEG'],
  ['JPEG extended', () => code(GREY, 'dcmcjpeg', '+ee'), 'none', '4.51', 'STD-GEN-DVD-JPEG'],
  ['JPEG lossless', () => code(GREY, 'dcmcjpeg', '+el', '+sv', '4'), 'decoded', '1', 'STD-GEN-CD'],
  ['JPEG lossless SV1', () => code(GREY, 'dcmcjpeg', '+e1'), 'none', '4.70', 'STD-GEN-DVD-JPEG'],
  ['JPEG-LS', () => code(GREY, 'dcmcjpls'), 'decoded', '1', 'STD-GEN-CD'],
  ['JPEG-LS near-lossless', () => code(GREY, 'dcmcjpls', '+en'), 'decoded', '1', 'STD-GEN-CD'],
  ['JPEG 2000 lossless', () => code(GREY, 'gdcmconv', '--j2k'), 'none', '4.90', 'STD-GEN-DVD-J2K'],
  [
    'JPEG 2000',
    () => code({ allocated: 8 }, 'gdcmconv', '--j2k', '--lossy', '-q', '30'),
    'none',
    '4.91',
    'STD-GEN-DVD-J2K',
  ],
  ['RLE', () => code(COLOUR, 'dcmcrle'), 'decoded', '1', 'STD-GEN-CD'],
  [
    'deflated frames',
    () =>
      dicomFile(
        pictured({ allocated: 8, columns: 52 }, [
          [
            0x7fe00010,
            'OB',
            { fragments: [Buffer.alloc(0), evened(deflateRawSync(Buffer.alloc(37 * 52, 7)))] },
          ],
        ]),
        { transferSyntax: '1.2.840.10008.1.2.8.1' },
      ),
    'decoded',
    '1',
    'STD-GEN-CD',
  ],
]
const evened = (bytes: Uint8Array) => (bytes.byteLength % 2 ? Buffer.concat([bytes, Buffer.alloc(1)]) : bytes)

describe('every compressed syntax stays where a profile allows it, and is decoded where none does (PS3.11)', () => {
  test.each(SYNTAXES)('%s', async (_, file, conversion, syntax, profile) => {
    const [, done, ...rest] = await sent(file())
    // gdcm writes a preamble or group 0002 of its own.
    expect(conversion === 'decoded' ? done === 'decoded' : done !== 'decoded').toBe(true)
    expect(rest).toEqual([syntax, profile])
  })
})

const SAMPLES = join(import.meta.dirname, '../../../shared/samples')
const OF_SAMPLES: Record<string, [record: string, syntax: string]> = {
  'MR_small_RLE.dcm': ['IMAGE', '1'],
  'MR_small_bigendian.dcm': ['IMAGE', '1'],
  'MR_small_implicit.dcm': ['IMAGE', '1'],
  'MR_small_jp2klossless.dcm': ['IMAGE', '4.90'],
  'MR_small_jpeg_ls_lossless.dcm': ['IMAGE', '1'],
  'WG04_CT2_JLSL.dcm': ['IMAGE', '1'],
  'WG04_MG1_JPLY.dcm': ['IMAGE', '4.51'],
  'WG04_NM1_J2KR.dcm': ['IMAGE', '4.90'],
  'WG04_RG2_JPLL.dcm': ['IMAGE', '4.70'],
  'examples_ybr_color.dcm': ['IMAGE', '4.50'],
  'liver_deflate.dcm': ['IMAGE', '1'],
  'rtdose.dcm': ['RT DOSE', '1'],
  'rtplan.dcm': ['RT PLAN', '1'],
  'test-SR.dcm': ['SR DOCUMENT', '1'],
  'waveform_ecg.dcm': ['WAVEFORM', '1'],
}
test.skipIf(!existsSync(SAMPLES))('every public sample goes on the disc under a profile', async () => {
  for (const name of readdirSync(SAMPLES).filter((name) => name.endsWith('.dcm'))) {
    const [record, , syntax, profile] = await sent(readFileSync(join(SAMPLES, name)))
    expect([name, record, syntax]).toEqual([name, ...(OF_SAMPLES[name] ?? ['IMAGE', '1'])])
    expect(profile, name).toMatch(/^STD-GEN-(CD|DVD-JPEG|DVD-J2K)$/)
  }
})

/** Names in every Defined Term of PS3.3 §C.12.1.1.2, single, multi-byte and by code extension. */
const TEXTS: readonly [characterSet: string, hex: string, text: string][] = [
  ['', '526f737369', 'Rossi'],
  ['ISO_IR 100', '526f7373ec5e4e6963636f6cf2', 'Rossì^Niccolò'],
  ['ISO_IR 101', 'a3756b61737a', 'Łukasz'],
  ['ISO_IR 109', 'a1a6', 'ĦĤ'],
  ['ISO_IR 110', 'a1a3', 'ĄŖ'],
  ['ISO_IR 144', 'bbeedacfb5', 'ЛюкЯЕ'],
  ['ISO_IR 127', 'e2c8c7e6ea', 'قباني'],
  ['ISO_IR 126', 'c4e9efedf5f3e9eff2', 'Διονυσιος'],
  ['ISO_IR 138', 'f9f8e5ef', 'שרון'],
  ['ISO_IR 148', 'c7fadd', 'Çúİ'],
  ['ISO_IR 203', 'a4bd', '€œ'],
  ['ISO_IR 13', 'd4cfc05ec0dbb3', 'ﾔﾏﾀ^ﾀﾛｳ'],
  ['ISO_IR 166', 'a1a2a3', 'กขฃ'],
  ['ISO_IR 192', 'c581756b61737a', 'Łukasz'],
  ['GB18030', 'cdf55ed0a1b6ab', '王^小东'],
  ['GBK', 'cdf55ed0a1b6ab', '王^小东'],
  ['\\ISO 2022 IR 87', '59616d6164613d1b24423b3345441b28425e1b244242404f3a1b2842', 'Yamada=山田^太郎'],
  ['ISO 2022 IR 13\\ISO 2022 IR 87', 'd4cfc03d1b24423b3345441b284a', 'ﾔﾏﾀ=山田'],
  ['\\ISO 2022 IR 159', '1b242844306330211b2842', '伹丂'],
  ['\\ISO 2022 IR 149', '486f6e673d1b242943fbf35e1b242943d1ce', 'Hong=洪^吉'],
  ['\\ISO 2022 IR 58', '57616e673d1b242941cdf5', 'Wang=王'],
  ['ISO 2022 IR 100\\ISO 2022 IR 144', 'ec5e1b2d4cbbee5eec', 'ì^Лю^ì'],
  ['ISO 2022 IR 100\\ISO 2022 IR 126', '1b2d46c4e9efed5ef2', 'Διον^ò'],
  ['ISO 2022 IR 6\\ISO 2022 IR 101', '1b2d42a3756b61737a', 'Łukasz'],
  ['ISO 2022 IR 100\\ISO 2022 IR 166', '1b2d54a1a2', 'กข'],
  ['ISO 2022 IR 100\\ISO 2022 IR 203', '1b2d62a4', '€'],
]
test.each(TEXTS)('text in %j is read as it is meant', (characterSet, hex, text) => {
  expect(decodeText(Buffer.from(hex, 'hex').toString('latin1'), characterSet)).toBe(text)
})
