import type { Attributes } from '../../../src/shards/attributes.ts'
import type { Image } from '../model/model.ts'
import { items, numbers, text, texts } from '../model/record.ts'
import { type Lut, lutOf } from './lut.ts'

/** What comes after the window (PS3.3 §C.11.4, §C.11.6): black and white change places, or a table. */
export interface GreyPresentation {
  readonly inverse: boolean
  readonly lut: Lut | null
}

/** By the presentation state that names the frame, which counts instead of the Photometric Interpretation (PS3.4 §N.2.3), else by the file. */
export function greyPresentationOf(image: Image, index: number): GreyPresentation {
  for (const state of statesOf(image, index)) {
    const [table] = items(state, '20500010')
    const lut = table ? lutOf(table, false) : null
    const shape = text(state, '20500020')
    if (lut) return { inverse: false, lut }
    // One of the two is required (§C.11.6): a state with neither says nothing of black and white.
    if (shape) return { inverse: shape === 'INVERSE', lut: null }
  }
  const inverse =
    image.pixel.photometric === 'MONOCHROME1' || text(image.attributes, '20500020') === 'INVERSE'
  return { inverse, lut: null }
}

/** The greyscale presentation states about a frame, the first of which counts. */
export function statesOf(image: Image, index: number): readonly Attributes[] {
  return image.presentation.filter((state) =>
    items(state, '00081115').some((series) => namesFrame(items(series, '00081140'), image, index)),
  )
}

/** Whether references name a frame: by its image, and by its number where they have any. */
export function namesFrame(references: readonly Attributes[], image: Image, index: number): boolean {
  return references.some((reference) => {
    const frames = numbers(reference, '00081160')
    return (
      text(reference, '00081155') === image.sopInstanceUid &&
      (frames.length === 0 || frames.includes(index + 1))
    )
  })
}

/** Whether a presentation state wants more than is done here: a colour or blending state, or a shutter of bits. */
export const isPartlyPresented = (image: Image, index: number): boolean =>
  image.hasOtherStates || statesOf(image, index).some((state) => texts(state, '00181600').includes('BITMAP'))
