import { m } from '../messages/messages.ts'
import type { Frame, Image } from '../model/model.ts'
import { PLAIN_COLOUR } from '../pixels/colour.ts'
import { fullWindow, isFloating } from '../pixels/gray.ts'
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
  const usual = modalityOf(image, index).units === 'HU' ? CT : []
  const measured = frame
    ? [
        { name: names.full, voi: fullWindow(frame, image, index) },
        { name: names.auto, voi: autoWindow(frame, image, index) },
      ]
    : []
  const fixed = usual.map(
    ([name, center, width]): Preset => ({ name: names[name], voi: linear(center, width) }),
  )
  return [...own, ...fixed, ...measured]
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

const linear = (center: number, width: number): Voi => ({ kind: 'window', center, width, shape: 'LINEAR' })

// Between the 1st and the 99th of a hundred values, from a sample of the pixels.
function autoWindow(frame: Frame, image: Image, index: number): Voi {
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
  values.sort((a, b) => a - b)
  const low = values[Math.floor(values.length * 0.01)] ?? 0
  const high = values[Math.floor(values.length * 0.99)] ?? 1
  return linear((low + high) / 2, Math.max(1, high - low))
}
