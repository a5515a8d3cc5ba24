import type { InstanceRecord } from '../../../src/shards/attributes.ts'
import type { Image, PixelModule, Unshown, UnshownReason } from './model.ts'
import { number, numbers, text } from './record.ts'

/** What can be shown of an instance: an image whose pixel module makes sense, or the reason why not. */
export function imageOf(record: InstanceRecord): Image | Unshown {
  const { attributes, key, transferSyntaxUid } = record
  const sopClassUid = text(attributes, '00080016')
  const unshown = (reason: UnshownReason, detail = ''): Unshown => ({
    key,
    sopClassUid,
    title: titleOf(record),
    reason,
    detail,
  })
  if (number(attributes, '00280010') === null) return unshown('not-an-image', sopClassUid)
  const pixel = pixelModuleOf(record)
  if (typeof pixel === 'string') return unshown('corrupt', pixel)
  const frameCount = number(attributes, '00280008') ?? 1
  if (!Number.isInteger(frameCount) || frameCount < 1 || frameCount > MOST_FRAMES)
    return unshown('corrupt', `Number of Frames ${frameCount}`)
  return {
    key,
    transferSyntaxUid,
    sopClassUid,
    sopInstanceUid: text(attributes, '00080018'),
    modality: text(attributes, '00080060'),
    instanceNumber: number(attributes, '00200013'),
    frameCount,
    pixel,
    attributes,
    frameTimeMs: frameTimeOf(record),
    acquired: {
      date: text(attributes, '00080022') || text(attributes, '00080023') || text(attributes, '00080021'),
      time: text(attributes, '00080032') || text(attributes, '00080033') || text(attributes, '00080031'),
    },
    presentation: [],
    hasOtherStates: false,
  }
}

/** Whether an instance can be shown. */
export const isImage = (value: Image | Unshown): value is Image => 'pixel' in value

const MOST_FRAMES = 1_000_000

function titleOf({ attributes }: InstanceRecord): string {
  return text(attributes, '00420010') || text(attributes, '0008103E') || text(attributes, '00080060')
}

function pixelModuleOf({ attributes }: InstanceRecord): PixelModule | string {
  const rows = number(attributes, '00280010') ?? 0
  const columns = number(attributes, '00280011') ?? 0
  const samplesPerPixel = number(attributes, '00280002') ?? 1
  const bitsAllocated = number(attributes, '00280100') ?? 0
  const bitsStored = number(attributes, '00280101') ?? bitsAllocated
  const highBit = number(attributes, '00280102') ?? bitsStored - 1
  const photometric = text(attributes, '00280004').toUpperCase()
  if (rows < 1 || columns < 1) return `Rows ${rows}, Columns ${columns}`
  if (![1, 8, 16, 32, 64].includes(bitsAllocated)) return `Bits Allocated ${bitsAllocated}`
  if (bitsStored < 1 || bitsStored > bitsAllocated) return `Bits Stored ${bitsStored}`
  if (highBit < bitsStored - 1 || highBit >= bitsAllocated) return `High Bit ${highBit}`
  const colours = COLOURS[photometric]
  if (!colours) return `Photometric Interpretation ${photometric}`
  if (colours !== samplesPerPixel) return `${photometric} with ${samplesPerPixel} samples a pixel`
  const signed = number(attributes, '00280103') === 1
  const planar = samplesPerPixel > 1 && number(attributes, '00280006') === 1
  return { rows, columns, samplesPerPixel, photometric, bitsAllocated, bitsStored, highBit, signed, planar }
}

/** PS3.3 §C.7.6.3.1.2, samples of each. */
const COLOURS: Readonly<Record<string, number>> = {
  MONOCHROME1: 1,
  MONOCHROME2: 1,
  'PALETTE COLOR': 1,
  RGB: 3,
  YBR_FULL: 3,
  YBR_FULL_422: 3,
  YBR_PARTIAL_422: 3,
  YBR_PARTIAL_420: 3,
  YBR_ICT: 3,
  YBR_RCT: 3,
}

// Frame Time, the mean of the Frame Time Vector, or a rate (PS3.3 §C.7.6.5).
function frameTimeOf({ attributes }: InstanceRecord): number | null {
  const time = number(attributes, '00181063')
  if (time !== null && time > 0) return time
  const [, ...vector] = numbers(attributes, '00181065')
  if (vector.length > 0) {
    const mean = vector.reduce((sum, value) => sum + value, 0) / vector.length
    if (mean > 0) return mean
  }
  const rate = number(attributes, '00180040') ?? number(attributes, '00082144')
  return rate !== null && rate > 0 ? 1000 / rate : null
}
