import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import dicomParser from 'dicom-parser'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ReportPage } from '../../src/portal/pages/report-page.tsx'
import { reportProps } from './samples.tsx'
import { openPage, sampleSite, startChromium, startSite } from './support.tsx'

// Scanners write CCITT, JBIG2 and JPEG 2000: pdf.js decodes these with WebAssembly, which our CSP refuses (S44).
const site = await sampleSite()
const J2K_SAMPLE = resolve(import.meta.dirname, '../../../shared/samples/MR_small_jp2klossless.dcm')

let browser: Awaited<ReturnType<typeof startChromium>>
let server: Awaited<ReturnType<typeof startSite>>

beforeAll(async () => {
  browser = await startChromium()
  server = await startSite((app, show) => {
    const documents = { fax: faxPdf, jpeg2000: jpeg2000Pdf }
    for (const [name, make] of Object.entries(documents)) {
      app.get(`/${name}.pdf`, (c) => c.body(make(), 200, { 'Content-Type': 'application/pdf' }))
      show(`/${name}`, () => <ReportPage {...reportProps(site, { pdfUrl: `/${name}.pdf` })} />)
    }
  })
})
afterAll(async () => {
  await browser?.close()
  await server?.stop()
})

describe('a scanned report is drawn without WebAssembly (S17, S44)', () => {
  test('CCITT group 4', async () => {
    expect(await inkOf('fax')).toBeGreaterThan(0.9)
  })

  test.skipIf(!existsSync(J2K_SAMPLE))('JPEG 2000', async () => {
    expect(await inkOf('jpeg2000')).toBeGreaterThan(0.2)
  })
})

/** The share of the first page that is not white. */
async function inkOf(name: string): Promise<number> {
  const { page, complaints, close } = await openPage(browser)
  await page.goto(`${server.url}/${name}`)
  const canvas = page.locator('#pdf-pages canvas').first()
  await canvas.waitFor()
  const ink = await canvas.evaluate((element) => {
    const { width, height } = element as HTMLCanvasElement
    const data = (element as HTMLCanvasElement).getContext('2d')?.getImageData(0, 0, width, height).data ?? []
    let dark = 0
    for (let at = 0; at < data.length; at += 4) if ((data[at] ?? 255) < 200) dark += 1
    return dark / (width * height)
  })
  expect(complaints).toEqual([])
  await close()
  return ink
}

/** ITU-T T.6: a row like the one above is a single 1 bit, so 16 white rows are two bytes; BlackIs1 turns them black. */
function faxPdf(): Uint8Array<ArrayBuffer> {
  const rows = Buffer.from([0xff, 0xff, 0x00, 0x10, 0x01])
  return pdfWithImage(
    16,
    '/BitsPerComponent 1 /ColorSpace /DeviceGray /Filter /CCITTFaxDecode ' +
      '/DecodeParms << /K -1 /Columns 16 /Rows 16 /BlackIs1 true >>',
    rows,
  )
}

function jpeg2000Pdf(): Uint8Array<ArrayBuffer> {
  const dataSet = dicomParser.parseDicom(readFileSync(J2K_SAMPLE))
  const element = dataSet.elements.x7fe00010
  if (!element) throw new Error('no pixel data')
  const count = element.fragments?.length ?? 0
  const codestream = dicomParser.readEncapsulatedPixelDataFromFragments(dataSet, element, 0, count)
  return pdfWithImage(64, '/ColorSpace /DeviceGray /Filter /JPXDecode', Buffer.from(codestream))
}

/** ISO 32000-1 §7.5: the smallest document that shows one square image over its whole page. */
function pdfWithImage(size: number, entries: string, data: Buffer): Uint8Array<ArrayBuffer> {
  const content = Buffer.from('400 0 0 400 0 0 cm /I Do')
  const objects = [
    [Buffer.from('<< /Type /Catalog /Pages 2 0 R >>')],
    [Buffer.from('<< /Type /Pages /Kids [3 0 R] /Count 1 >>')],
    [
      Buffer.from(
        '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 400] /Contents 4 0 R /Resources << /XObject << /I 5 0 R >> >> >>',
      ),
    ],
    stream('', content),
    stream(`/Type /XObject /Subtype /Image /Width ${size} /Height ${size} ${entries}`, data),
  ]
  const parts: Buffer[] = [Buffer.from('%PDF-1.7\n')]
  const offsets: number[] = []
  for (const [index, object] of objects.entries()) {
    offsets.push(Buffer.concat(parts).length)
    parts.push(Buffer.from(`${index + 1} 0 obj\n`), ...object, Buffer.from('\nendobj\n'))
  }
  const start = Buffer.concat(parts).length
  const rows = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('')
  parts.push(Buffer.from(`xref\n0 6\n0000000000 65535 f \n${rows}`))
  parts.push(Buffer.from(`trailer << /Size 6 /Root 1 0 R >>\nstartxref\n${start}\n%%EOF`))
  return new Uint8Array(Buffer.concat(parts))
}

const stream = (entries: string, data: Buffer) => [
  Buffer.from(`<< ${entries} /Length ${data.length} >>\nstream\n`),
  data,
  Buffer.from('\nendstream'),
]
