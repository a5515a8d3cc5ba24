import { decimal, m } from '../messages/messages.ts'
import type { Frame, Image } from '../model/model.ts'
import { PLAIN_COLOUR } from '../pixels/colour.ts'
import { fullWindow, isFloating, rangeOf } from '../pixels/gray.ts'
import { modalityOf, modalityValue, storedValue } from '../pixels/modality.ts'
import { paddingOf } from '../pixels/padding.ts'
import { isColour } from '../pixels/picture.ts'
import { fileVois, type Voi } from '../pixels/voi.ts'

export interface Preset {
  readonly name: string
  readonly voi: Voi
}

/** Windows to choose from: the file's own, all values, those between the extremes, and the modality's usual ones. */
export function presetsOf(image: Image, index: number, frame: Frame | null): Preset[] {
  const names = m().presetNames
  if (isColour(image))
    return [
      { name: names.plain, voi: PLAIN_COLOUR },
      { name: names.bright, voi: { kind: 'window', center: 85, width: 170, shape: 'LINEAR_EXACT' } },
    ]
  const own = fileVois(image, index).map(({ name, voi, presented }): Preset => {
    const kind = presented ? names.presented : names.file
    return { name: name ? `${kind}: ${name}` : kind, voi }
  })
  const fixed = (modalityOf(image, index).units === 'HU' ? CT : []).map(
    ([name, center, width]): Preset => ({ name: names[name], voi: linear(center, width) }),
  )
  if (!frame) return [...own, ...fixed]
  const values = sampleOf(frame, image, index)
  const measured = [
    { name: names.full, voi: fullWindow(frame, image, index) },
    { name: names.auto, voi: between(values, 1, 99) },
    ...(PARTS[image.modality] ?? []).map(
      ([name, low, high]): Preset => ({
        name: `${names[name]} (${names.between(decimal(low, 1), decimal(high, 1))})`,
        voi: between(values, low, high),
      }),
    ),
    ...(PEAKS[image.modality] ?? []).map(
      (percent): Preset => ({
        name: names.peak(decimal(percent, 0)),
        voi: upTo(frame, image, index, percent / 100),
      }),
    ),
  ]
  // Where all of those pixels are alike there is nothing between the darkest and the brightest.
  return [...own, ...fixed, ...measured.filter(({ voi }) => voi.kind === 'lut' || voi.width > 0)]
}

const CT = [
  ['soft', 40, 400],
  ['lung', -600, 1500],
  ['bone', 500, 2000],
  ['brain', 40, 80],
  ['stroke', 35, 40],
  ['mediastinum', 50, 350],
  ['abdomen', 60, 350],
  ['liver', 80, 150],
  ['angio', 300, 600],
] as const

type Part = readonly ['contrast' | 'low' | 'high', number, number]

// Values of these have no scale that all devices share: parts of the image's own, by hundredths of its pixels.
const RADIOGRAPHY: readonly Part[] = [
  ['contrast', 5, 95],
  ['low', 0.1, 60],
  ['high', 40, 99.9],
]
const PARTS: Readonly<Record<string, readonly Part[]>> = {
  MR: [
    ['contrast', 5, 95],
    ['low', 1, 75],
    ['high', 50, 99.9],
  ],
  // Most of a mammogram is air.
  MG: [
    ['contrast', 20, 99],
    ['low', 0.1, 80],
    ['high', 70, 99.9],
  ],
  CR: RADIOGRAPHY,
  DX: RADIOGRAPHY,
  RG: RADIOGRAPHY,
  RF: RADIOGRAPHY,
  XA: RADIOGRAPHY,
  IO: RADIOGRAPHY,
  PX: RADIOGRAPHY,
  US: [['contrast', 5, 95]],
}

// Counts and uptake are read from nothing up to a part of the greatest.
const PEAKS: Readonly<Record<string, readonly number[]>> = { PT: [100, 50, 25, 10], NM: [100, 50, 25, 10] }

const linear = (center: number, width: number): Voi => ({ kind: 'window', center, width, shape: 'LINEAR' })

const exact = (low: number, high: number): Voi => ({
  kind: 'window',
  center: (low + high) / 2,
  width: high - low,
  shape: 'LINEAR_EXACT',
})

function between(values: readonly number[], low: number, high: number): Voi {
  const at = (percent: number) => values[Math.floor((values.length - 1) * (percent / 100))] ?? 0
  return exact(at(low), at(high))
}

function upTo(frame: Frame, image: Image, index: number, part: number): Voi {
  const { least, most } = rangeOf(frame, image, index) ?? { least: 0, most: 1 }
  return exact(Math.min(0, least), most * part)
}

// Some twenty thousand of the pixels' values, the least first.
function sampleOf(frame: Frame, image: Image, index: number): number[] {
  const modality = modalityOf(image, index)
  const padding = paddingOf(image)
  const step = Math.max(1, Math.floor(frame.cells.length / 20_000))
  const values: number[] = []
  for (let at = 0; at < frame.cells.length; at += step) {
    const cell = frame.cells[at] ?? 0
    const stored = isFloating(frame.cells) ? cell : storedValue(image.pixel, cell)
    if (padding && stored >= padding.from && stored <= padding.to) continue
    values.push(modalityValue(modality, stored))
  }
  return values.sort((a, b) => a - b)
}
