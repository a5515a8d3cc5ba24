import type { Attributes } from '../../../src/shards/attributes.ts'
import type { Image } from '../model/model.ts'
import { facts } from '../model/plane.ts'
import { items, number, numbers, text, texts } from '../model/record.ts'
import { type Lut, lookUp, lutOf } from './lut.ts'
import { namesFrame, statesOf } from './presentation.ts'

/** How modality values become grey (PS3.3 §C.11.2). */
export type Voi =
  | { readonly kind: 'window'; readonly center: number; readonly width: number; readonly shape: VoiShape }
  | { readonly kind: 'lut'; readonly lut: Lut }

type VoiShape = 'LINEAR' | 'LINEAR_EXACT' | 'SIGMOID'

/** A window or table that the file itself offers. */
export interface FileVoi {
  readonly name: string
  readonly voi: Voi
  /** From a presentation state. */
  readonly presented: boolean
}

/** All that the file and its presentation states offer for a frame, the most fitting first. */
export function fileVois(image: Image, index: number): FileVoi[] {
  const presented = statesOf(image, index).flatMap((state) =>
    items(state, '00283110')
      .filter((item) => concerns(item, image, index))
      .flatMap((item) => voisOf(item, image, true, text(state, '00700080'))),
  )
  return [...presented, ...voisOf(facts(image, index, '00289132'), image, false, '')]
}

/** Grey between 0 and 1 of a modality value. */
export function applyVoi(voi: Voi, value: number): number {
  if (voi.kind === 'lut') return lookUp(voi.lut, value) / (2 ** voi.lut.bits - 1)
  const { center, width, shape } = voi
  if (shape === 'SIGMOID') return 1 / (1 + Math.exp((-4 * (value - center)) / width))
  if (shape === 'LINEAR_EXACT') return clamp((value - center) / width + 0.5)
  // §C.11.2.1.2.1: a width of 1 is a threshold.
  if (width <= 1) return value <= center - 0.5 ? 0 : 1
  return clamp((value - (center - 0.5)) / (width - 1) + 0.5)
}

const clamp = (value: number): number => (value < 0 ? 0 : Math.min(value, 1))

function voisOf(group: Attributes, image: Image, presented: boolean, label: string): FileVoi[] {
  const centers = numbers(group, '00281050')
  const widths = numbers(group, '00281051')
  const names = texts(group, '00281055')
  const shape = shapeOf(text(group, '00281056'))
  const windows = centers.flatMap((center, at): FileVoi[] => {
    const width = widths[at] ?? 0
    if (width <= 0) return []
    return [{ name: names[at] || label, voi: { kind: 'window', center, width, shape }, presented }]
  })
  const luts = items(group, '00283010').flatMap((item): FileVoi[] => {
    const lut = lutOf(item, inputIsSigned(image, group))
    if (!lut) return []
    const name = text(item, '00283003') || label
    return [{ name, voi: { kind: 'lut', lut }, presented }]
  })
  return [...windows, ...luts]
}

// "US or SS": signed where the Modality LUT's output can be (§C.11.2.1.1).
function inputIsSigned(image: Image, group: Attributes): boolean {
  const intercept = number(image.attributes, '00281052') ?? number(group, '00281052') ?? 0
  return image.pixel.signed || intercept < 0
}

const shapeOf = (name: string): VoiShape => (name === 'SIGMOID' || name === 'LINEAR_EXACT' ? name : 'LINEAR')

// An item without references is about all images of the presentation state (§C.11.8).
function concerns(item: Attributes, image: Image, index: number): boolean {
  const references = items(item, '00081140')
  return references.length === 0 || namesFrame(references, image, index)
}
