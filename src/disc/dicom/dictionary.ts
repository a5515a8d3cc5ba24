import dcmjs from 'dcmjs'

/** What the Data Sets around an element say, and its VR in Implicit VR depends on (PS3.5 §A.1, PS3.6). */
export type VrContext = {
  pixelRepresentation: number
  bitsAllocated: number
  waveformBitsAllocated: number
}

/**
 * The VR of an element that came in Implicit VR. Same bytes whatever it answers: the choice only tells the
 * reader how to take them.
 */
export function vrOf(tag: number, length: number, context: VrContext): string {
  const group = tag >>> 16
  const element = tag & 0xffff
  if (element === 0) return 'UL'
  // PS3.5 §7.8.1: (gggg,0010–00FF) of an odd group are Private Creators.
  if (group % 2 === 1) return element >= 0x10 && element <= 0xff ? 'LO' : 'UN'

  const vr = dictionaryVr(tag)
  if (/^[A-Z]{2}$/.test(vr)) return vr
  switch (vr) {
    case 'xs':
      return context.pixelRepresentation === 1 ? 'SS' : 'US'
    case 'lt': // LUT Data: a table goes as OW, which has room for 65,536 entries
      return length <= 2 ? 'US' : 'OW'
    case 'ox':
      return ambiguousOther(tag, context)
    case 'up':
      return 'UL'
    default:
      return 'UN'
  }
}

function ambiguousOther(tag: number, context: VrContext): string {
  const group = tag >>> 16
  if (group === 0x7fe0) return context.bitsAllocated > 8 ? 'OW' : 'OB'
  if (group === 0x5400) return context.waveformBitsAllocated > 8 ? 'OW' : 'OB'
  // PS3.5 §A.1: Overlay Data is OW; Curve and Audio Data are bytes.
  return group >= 0x6000 && group <= 0x60ff ? 'OW' : 'OB'
}

const known = new Map<number, string>()

function dictionaryVr(tag: number): string {
  let vr = known.get(tag)
  if (vr === undefined) {
    vr = dcmjs.data.DicomMetaDictionary.dictionary[spelled(firstOfRepeating(tag))]?.vr ?? 'UN'
    // Private tags never come here, so a hostile file cannot fill this without end.
    known.set(tag, vr)
  }
  return vr
}

/** Overlays and curves repeat over sixteen groups (PS3.5 §7.6); the dictionary knows the first. */
function firstOfRepeating(tag: number): number {
  const group = tag >>> 16
  if (group > 0x6000 && group <= 0x601e) return 0x60000000 + (tag & 0xffff)
  if (group > 0x5000 && group <= 0x501e) return 0x50000000 + (tag & 0xffff)
  return tag
}

function spelled(tag: number): string {
  const digits = tag.toString(16).toUpperCase().padStart(8, '0')
  return `(${digits.slice(0, 4)},${digits.slice(4)})`
}
