import { setImmediate as breathe } from 'node:timers/promises'
import type { DiscContent } from '../../src/disc/content.ts'
import { DicomFormatError } from '../../src/disc/dicom/element.ts'
import { describeInstance } from '../../src/disc/dicom/instance.ts'
import { planDisc } from '../../src/disc/disc.ts'
import { prepareManifest } from '../../src/disc/manifest.ts'
import { type FetchInstance, writeDisc } from '../../src/disc/write.ts'
import type { CodedImage } from './compressed.ts'
import { type DicomCase, deflateBomb, dicomCase } from './dicom.ts'
import type { Pages } from './pages.ts'
import type { Dice } from './random.ts'
import { hostileText } from './texts.ts'

const LONGEST_MS = 5_000
const FILES_PER_DISC = 40
const MOST_MEMORY = 1.5 * 2 ** 30

/** Hostile files through the disc: read one by one, and then written together with hostile names. */
export async function fuzzDisc(
  dice: Dice,
  cases: number,
  pages: Pages,
  images: readonly CodedImage[],
): Promise<string[]> {
  const wrong: string[] = []
  const id = (number: number) => ({ root: '1.2.826.0.1.3680043.8.498.9', accessionNumber: 'F1', number })
  const plainIndex = await indexOf(
    [dicomCase(dice, id(0), images)],
    contentOf(() => 'Rossi'),
  )
  let batch: DicomCase[] = []
  for (let number = 0; number < cases; number++) {
    const made = number % 400 === 399 ? deflateBomb(id(number), 2 ** 30) : dicomCase(dice, id(number), images)
    wrong.push(...(await readOne(made, number)))
    // A bomb once more in each disc would only take time.
    if (!made.name.startsWith('deflate bomb')) batch.push(made)
    if (batch.length < FILES_PER_DISC && number < cases - 1) continue
    const hostile = contentOf(() => hostileText(dice, 80))
    const start = dice.chance(0.3) ? dice.below(100_000) : 0
    const index = await indexOf(batch, hostile, start).catch((error: unknown) => {
      wrong.push(`disc of ${batch.length} up to case ${number}: ${told(error)}`)
      return null
    })
    if (index && plainIndex)
      wrong.push(
        ...(await pages.strangers(index, plainIndex)).map((what) => `INDEX.HTM, case ${number}: ${what}`),
      )
    batch = []
    await breathe()
  }
  return wrong
}

async function readOne({ name, bytes }: DicomCase, number: number): Promise<string[]> {
  const before = performance.now()
  const wrong: string[] = []
  try {
    describeInstance(bytes)
  } catch (error) {
    if (!(error instanceof DicomFormatError)) wrong.push(`${name} ${number}: ${told(error)}`)
  }
  const took = performance.now() - before
  if (took > LONGEST_MS) wrong.push(`${name} ${number}: ${Math.round(took)} ms`)
  const { rss } = process.memoryUsage()
  if (rss > MOST_MEMORY) wrong.push(`${name} ${number}: ${Math.round(rss / 2 ** 20)} MB of memory`)
  return wrong
}

/** The text of INDEX.HTM of a disc that was written whole. */
async function indexOf(batch: DicomCase[], content: DiscContent, start = 0): Promise<string | null> {
  const archive = new Map(batch.map(({ bytes }, index) => [`instance-${index}`, bytes]))
  async function* files() {
    for (const [orthancId, bytes] of archive) yield { orthancId, bytes }
  }
  const { iso } = planDisc({
    manifests: [await prepareManifest(files())],
    content,
    date: new Date(1_600_000_000_000),
  })
  let written = 0
  const parts: Uint8Array[] = []
  const fetchInstance: FetchInstance = async ({ orthancId }) => archive.get(orthancId) ?? Buffer.alloc(0)
  for await (const chunk of writeDisc(iso, fetchInstance, { start })) {
    written += chunk.byteLength
    parts.push(chunk)
  }
  if (written !== iso.size - start) throw new Error(`planned ${iso.size - start} bytes, wrote ${written}`)
  if (start > 0) return null
  const image = Buffer.concat(parts)
  const from = image.indexOf('<!doctype html>')
  return image.toString('utf8', from, image.indexOf('</html>', from) + 7)
}

function contentOf(text: () => string): DiscContent {
  return {
    organisation: { name: 'Ospedale', contacts: ['Via Roma 1'] },
    patient: { familyName: text(), givenName: text(), birthDate: '1980-04-23' },
    exams: [{ description: text(), date: '2020-05-18', report: null }],
  }
}

const told = (error: unknown) =>
  (error instanceof Error ? `${error.name}: ${error.message}` : String(error)).slice(0, 300)
