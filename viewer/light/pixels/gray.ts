import type { Cells, Frame, Image } from '../model/model.ts'
import { lookUp } from './lut.ts'
import { type Modality, modalityOf, modalityValue, storedValue } from './modality.ts'
import { type Padding, paddingOf } from './padding.ts'
import { type GreyPresentation, greyPresentationOf } from './presentation.ts'
import { applyVoi, fileVois, type Voi } from './voi.ts'

/** How a grey frame shall look. */
export interface Grey {
  readonly voi: Voi
  /** On top of what the file says of black and white. */
  readonly invert: boolean
}

/**
 * Greys of a frame, 0 to 255, into `put(at, grey)`'s place: `target` is RGBA as 32-bit words. Cells of up to 16 bits
 * go through one table made of the whole pipeline: mask, sign, modality, padding, VOI, presentation.
 */
export function paintGrey(frame: Frame, image: Image, index: number, grey: Grey, target: Uint32Array): void {
  const { cells } = frame
  const count = Math.min(cells.length, target.length)
  if (cells instanceof Uint8Array || cells instanceof Uint16Array) {
    const table = greyTable(image, index, grey)
    for (let at = 0; at < count; at++) target[at] = table[cells[at] as number] as number
    return
  }
  const wide = wideGrey(image, index, grey, cells)
  for (let at = 0; at < count; at++) target[at] = wide(cells[at] as number)
}

/** The least and the greatest value of a frame but padding; null where it is all padding. */
export function rangeOf(
  frame: Frame,
  image: Image,
  index: number,
): { readonly least: number; readonly most: number } | null {
  const modality = modalityOf(image, index)
  const padding = paddingOf(image)
  let least = Number.POSITIVE_INFINITY
  let most = Number.NEGATIVE_INFINITY
  const see = (cell: number) => {
    const stored = isFloating(frame.cells) ? cell : storedValue(image.pixel, cell)
    if (padding && stored >= padding.from && stored <= padding.to) return
    const value = modalityValue(modality, stored)
    if (value < least) least = value
    if (value > most) most = value
  }
  for (const cell of distinctCells(frame.cells)) see(cell)
  return least <= most ? { least, most } : null
}

/** The window that shows all values of a frame but padding. */
export function fullWindow(frame: Frame, image: Image, index: number): Voi {
  const range = rangeOf(frame, image, index)
  if (!range) return { kind: 'window', center: 0, width: 1, shape: 'LINEAR' }
  const { least, most } = range
  if (isFloating(frame.cells)) {
    const width = Math.max(most - least, Number.MIN_VALUE)
    return { kind: 'window', center: (least + most) / 2, width, shape: 'LINEAR_EXACT' }
  }
  return {
    kind: 'window',
    center: (least + most + 1) / 2,
    width: Math.max(1, most - least + 1),
    shape: 'LINEAR',
  }
}

/** What the file says first, else all its values. */
export function defaultVoi(frame: Frame, image: Image, index: number): Voi {
  return fileVois(image, index)[0]?.voi ?? fullWindow(frame, image, index)
}

const tables = new Map<string, Uint32Array>()
const MOST_TABLES = 12

function greyTable(image: Image, index: number, { voi, invert }: Grey): Uint32Array {
  const modality = modalityOf(image, index)
  const padding = paddingOf(image)
  const presentation = greyPresentationOf(image, index)
  const { pixel } = image
  const key = JSON.stringify([
    voi.kind === 'lut' ? voi.lut.id : voi,
    [pixel.bitsAllocated, pixel.bitsStored, pixel.highBit, pixel.signed],
    modality.lut?.id ?? [modality.slope, modality.intercept],
    padding,
    [presentation.inverse, presentation.lut?.id, invert],
  ])
  const known = tables.get(key)
  if (known) return known
  const table = makeTable(pixel, modality, padding, voi, presented(presentation, invert))
  const [oldest] = tables.keys()
  if (oldest !== undefined && tables.size >= MOST_TABLES) tables.delete(oldest)
  tables.set(key, table)
  return table
}

function makeTable(
  pixel: Image['pixel'],
  modality: Modality,
  padding: Padding | null,
  voi: Voi,
  present: (grey: number) => number,
) {
  const table = new Uint32Array(pixel.bitsAllocated > 8 ? 65536 : 256)
  const distinct = 2 ** Math.min(pixel.bitsStored, 16)
  const shift = pixel.highBit + 1 - pixel.bitsStored
  for (let n = 0; n < distinct; n++) {
    const stored = storedValue(pixel, n << shift)
    const padded = padding && stored >= padding.from && stored <= padding.to
    table[n] = word(padded ? 0 : present(applyVoi(voi, modalityValue(modality, stored))))
  }
  if (distinct === table.length) return table
  // Unused bits say nothing: spread what was made over all cells, from the top as it is made in place.
  for (let cell = table.length - 1; cell >= 0; cell--)
    table[cell] = table[(cell >>> shift) & (distinct - 1)] as number
  return table
}

function wideGrey(
  image: Image,
  index: number,
  { voi, invert }: Grey,
  cells: Cells,
): (cell: number) => number {
  const modality = modalityOf(image, index)
  const padding = paddingOf(image)
  const present = presented(greyPresentationOf(image, index), invert)
  const floating = isFloating(cells)
  return (cell) => {
    const stored = floating ? cell : storedValue(image.pixel, cell)
    if (padding && stored >= padding.from && stored <= padding.to) return word(0)
    return word(present(applyVoi(voi, modalityValue(modality, stored))))
  }
}

// The whole range of a table is that of the grey before it (PS3.3 §C.11.4); inverting by hand comes after all else.
function presented({ inverse, lut }: GreyPresentation, invert: boolean): (grey: number) => number {
  if (!lut) return inverse === invert ? (grey) => grey : (grey) => 1 - grey
  const last = lut.values.length - 1
  const most = 2 ** lut.bits - 1
  return (grey) => {
    const shown = Math.min(1, lookUp(lut, lut.first + grey * last) / most)
    return invert ? 1 - shown : shown
  }
}

// ABGR: a word of RGBA bytes on the little endian machines that browsers run on.
const word = (grey: number): number => {
  // Cut, as dcmtk does: rounding would differ from it by two where a rescale has fractions.
  const level = Math.floor(grey * 255)
  return (0xff000000 | (level << 16) | (level << 8) | level) >>> 0
}

export const isFloating = (cells: Cells): boolean =>
  cells instanceof Float32Array || cells instanceof Float64Array

/** Each value that occurs once, where that is quicker than all of them. */
function distinctCells(cells: Cells): Iterable<number> {
  if (!(cells instanceof Uint8Array || cells instanceof Uint16Array)) return cells
  const seen = new Uint8Array(65536)
  for (let at = 0; at < cells.length; at++) seen[cells[at] as number] = 1
  const found: number[] = []
  for (let cell = 0; cell < seen.length; cell++) if (seen[cell]) found.push(cell)
  return found
}
