import type { Attributes, InstanceRecord } from '../../../src/shards/attributes.ts'
import { imageOf, isImage } from './image.ts'
import type { Image, Series, Sheet, Study, Unshown } from './model.ts'
import { dot, planeOf } from './plane.ts'
import { items, number, text } from './record.ts'
import { sheetOf } from './sheet.ts'

/** Instances → studies, series in order of their numbers, images in the order of the stack. */
export function studiesOf(records: readonly InstanceRecord[], unread: readonly Unshown[] = []): Study[] {
  const states = records.filter(isPresentationState)
  const shown = records.filter((record) => !isPresentationState(record))
  const presentations = {
    grey: presentationsOf(states.filter(isGreyscale)),
    other: presentationsOf(states.filter((state) => !isGreyscale(state))),
  }
  const studies = [...groupBy(shown, ({ attributes }) => text(attributes, '0020000D'))].map(
    ([uid, instances]) => studyOf(uid, instances, presentations),
  )
  studies.sort((a, b) => compare(b.date + b.time, a.date + a.time))
  if (unread.length === 0) return studies
  const [first = EMPTY_STUDY, ...others] = studies
  return [{ ...first, series: [...first.series, seriesOfUnread(unread)] }, ...others]
}

/** One place of a stack: a frame of an image. */
export interface Slice {
  readonly image: Image
  readonly index: number
}

/** The frames of a series in the order they are scrolled through. */
export function slicesOf(series: Series): Slice[] {
  return series.images.flatMap((image) =>
    Array.from({ length: image.frameCount }, (_, index) => ({ image, index })),
  )
}

/** What shares one window where the file names none: the images of a volume, or the frames of one image. */
export const windowKeyOf = ({ image, index }: Slice, series: Series | null): string =>
  planeOf(image, index) ? (series?.uid ?? '') : image.key

const EMPTY_STUDY: Study = {
  uid: '',
  patient: { name: '', id: '', birthDate: '', sex: '' },
  date: '',
  time: '',
  description: '',
  accessionNumber: '',
  institution: '',
  series: [],
  reports: [],
}

function studyOf(uid: string, instances: readonly InstanceRecord[], presentations: Presentations): Study {
  const first = instances[0]?.attributes ?? {}
  const series = [...groupBy(instances, ({ attributes }) => text(attributes, '0020000E'))].flatMap(
    ([seriesUid, members]) => seriesOf(seriesUid, members, presentations),
  )
  return {
    uid,
    patient: {
      name: personName(text(first, '00100010')),
      id: text(first, '00100020'),
      birthDate: text(first, '00100030'),
      sex: text(first, '00100040'),
    },
    date: text(first, '00080020'),
    time: text(first, '00080030'),
    description: text(first, '00081030'),
    accessionNumber: text(first, '00080050'),
    institution: text(first, '00080080'),
    series: series.sort(bySeriesNumber),
    reports: [],
  }
}

// A series may mix stacks with cine loops, or pictures of different planes: each cine, and each size, stacks by itself.
function seriesOf(uid: string, members: readonly InstanceRecord[], presentations: Presentations): Series[] {
  const images: Image[] = []
  const sheets: Sheet[] = []
  const unshown: Unshown[] = []
  for (const member of members) {
    const one = sheetOf(member) ?? imageOf(member)
    if ('kind' in one) sheets.push(one)
    else if (isImage(one)) images.push(one)
    else unshown.push(one)
  }
  const presented = images.map((image) => ({
    ...image,
    presentation: presentations.grey.get(image.sopInstanceUid) ?? [],
    hasOtherStates: presentations.other.has(image.sopInstanceUid),
  }))
  const stacks = [...groupBy(presented, stackKey)]
  const attributes = members[0]?.attributes
  const whole = {
    number: number(attributes, '00200011'),
    modality: text(attributes, '00080060'),
    description: text(attributes, '0008103E') || text(attributes, '00181030'),
    bodyPart: text(attributes, '00180015'),
    laterality: text(attributes, '00200060') || text(attributes, '00200062'),
  }
  const shown = stacks.map(([key, stack], at) => ({
    uid: at === 0 ? uid : `${uid}/${key}`,
    ...whole,
    laterality: text(stack[0]?.attributes, '00200062') || whole.laterality,
    images: inOrder(stack),
    sheets: [],
    unshown: [],
  }))
  // A place of their own: beside a picture nobody would see them.
  const more: Series[] = []
  if (sheets.length > 0) more.push({ uid: `${uid}/sheets`, ...whole, images: [], sheets, unshown: [] })
  if (unshown.length > 0) more.push({ uid: `${uid}/unshown`, ...whole, images: [], sheets: [], unshown })
  return [...shown, ...more]
}

const stackKey = (image: Image): string =>
  image.frameCount > 1
    ? image.sopInstanceUid
    : `${image.pixel.rows}×${image.pixel.columns}×${image.pixel.samplesPerPixel}`

// Along the normal where all planes are parallel and no two in one place; a volume scanned over time, or
// projections, stay in the order of their Instance Numbers.
function inOrder(images: readonly Image[]): Image[] {
  const byNumber = [...images].sort(
    (a, b) =>
      (number(a.attributes, '00200012') ?? 0) - (number(b.attributes, '00200012') ?? 0) ||
      (a.instanceNumber ?? 0) - (b.instanceNumber ?? 0) ||
      compare(a.acquired.time, b.acquired.time),
  )
  const normal = byNumber[0] && planeOf(byNumber[0], 0)?.normal
  if (!normal || byNumber.length < 2) return sortedByNumber(images)
  const placed = byNumber.map((image) => {
    const plane = planeOf(image, 0)
    return plane && dot(plane.normal, normal) > 0.999 ? { image, at: dot(plane.origin, normal) } : null
  })
  const all = placed.filter((one) => one !== null)
  const places = new Set(all.map(({ at }) => Math.round(at * 100)))
  if (all.length < images.length || places.size < images.length) return sortedByNumber(images)
  all.sort((a, b) => a.at - b.at)
  // The way round that the scanner numbered them.
  const first = all[0]?.image.instanceNumber ?? 0
  const last = all.at(-1)?.image.instanceNumber ?? 0
  return (first > last ? all.reverse() : all).map(({ image }) => image)
}

const sortedByNumber = (images: readonly Image[]): Image[] =>
  [...images].sort((a, b) => (a.instanceNumber ?? 0) - (b.instanceNumber ?? 0))

// Pictures, then what is read, then what cannot be shown.
const rankOf = ({ images, sheets }: Series): number => (images.length > 0 ? 0 : sheets.length > 0 ? 1 : 2)

const bySeriesNumber = (a: Series, b: Series): number =>
  rankOf(a) - rankOf(b) ||
  (a.number ?? 1e9) - (b.number ?? 1e9) ||
  (a.images[0]?.instanceNumber ?? 0) - (b.images[0]?.instanceNumber ?? 0)

interface Presentations {
  readonly grey: ReadonlyMap<string, Attributes[]>
  readonly other: ReadonlyMap<string, Attributes[]>
}

/** Softcopy presentation states (PS3.3 §A.33) by the SOP Instance UIDs they are about. */
function presentationsOf(states: readonly InstanceRecord[]): Map<string, Attributes[]> {
  const found = new Map<string, Attributes[]>()
  for (const { attributes } of states)
    for (const series of seriesNamedBy(attributes))
      for (const image of items(series, '00081140')) {
        const uid = text(image, '00081155')
        found.set(uid, [...(found.get(uid) ?? []), attributes])
      }
  return found
}

// Blending states name them one level deeper.
const seriesNamedBy = (state: Attributes): readonly Attributes[] =>
  [state, ...items(state, '00700402')].flatMap((owner) => items(owner, '00081115'))

const isPresentationState = ({ attributes }: InstanceRecord): boolean =>
  text(attributes, '00080016').startsWith(PRESENTATION_STATES)

// Colour, pseudo-colour and blending states have no greys to give; those of XA (.11.5) and of variable modality tables
// (.11.12) are about values that are not computed here, subtracted or mapped anew.
const isGreyscale = ({ attributes }: InstanceRecord): boolean =>
  text(attributes, '00080016') === `${PRESENTATION_STATES}1`

const PRESENTATION_STATES = '1.2.840.10008.5.1.4.1.1.11.'

function seriesOfUnread(unshown: readonly Unshown[]): Series {
  return {
    uid: 'unread',
    number: null,
    modality: '',
    description: '',
    bodyPart: '',
    laterality: '',
    images: [],
    sheets: [],
    unshown,
  }
}

/** `Rossi^Mario^^Dott.=…` as people write it (PS3.5 §6.2.1). */
export function personName(value: string): string {
  const [alphabetic = '', ideographic = ''] = value.split('=')
  const [family = '', given = '', middle = '', prefix = '', suffix = ''] = (alphabetic || ideographic).split(
    '^',
  )
  return [prefix, family, given, middle, suffix]
    .map((part) => part.trim())
    .filter(Boolean)
    .join(' ')
}

function groupBy<T>(values: readonly T[], key: (value: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const value of values) {
    const group = groups.get(key(value))
    if (group) group.push(value)
    else groups.set(key(value), [value])
  }
  return groups
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
