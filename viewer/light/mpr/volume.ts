import type { Attributes } from '../../../src/shards/attributes.ts'
import type { Cells, Frame, FrameData, FrameSource, Image, Series } from '../model/model.ts'
import { type PlaneName, planeName } from '../model/orientation.ts'
import { add, dot, type Plane, planeOf, type Vector } from '../model/plane.ts'
import { type Slice, slicesOf } from '../model/studies.ts'
import { modalityOf } from '../pixels/modality.ts'
import { isColour } from '../pixels/picture.ts'
import { spacingOf } from '../tools/spacing.ts'

/** A stack of parallel, evenly spaced frames. */
export interface Volume {
  readonly series: Series
  readonly slices: readonly Slice[]
  readonly plane: Plane
  /** From one frame to the next, in the patient. */
  readonly step: Vector
  readonly spacing: { readonly x: number; readonly y: number; readonly z: number }
}

export type Refusal = 'few' | 'colour' | 'irregular' | 'scale'

/** The volume that a series makes, or why it makes none: a plane through uneven frames would be a wrong picture. */
export function volumeOf(series: Series): Volume | Refusal {
  const slices = slicesOf(series)
  const [first, second] = slices
  const last = slices.at(-1)
  if (!first || !second || !last || slices.length < 3) return 'few'
  if (slices.some(({ image }) => isColour(image) || image.pixel.bitsAllocated > 16)) return 'colour'
  const planes = slices.map(({ image, index }) => planeOf(image, index))
  const [plane] = planes
  const spacing = spacingOf(first.image, first.index, [{ x: 0, y: 0 }])
  const end = planes.at(-1)
  if (!plane || !end || !spacing) return 'irregular'
  const step = scaled(add(end.origin, plane.origin, -1), 1 / (slices.length - 1))
  const z = Math.sqrt(dot(step, step))
  // The stack may lean (gantry tilt) no more than a little: planes through it would be sheared.
  if (z < 1e-3 || Math.abs(dot(step, plane.normal)) / z < 0.999) return 'irregular'
  const tolerance = Math.max(0.02, z * 0.05)
  for (const [at, one] of planes.entries()) {
    const expected = add(plane.origin, step, at)
    const off = one && add(one.origin, expected, -1)
    if (!one || !off || Math.sqrt(dot(off, off)) > tolerance) return 'irregular'
    if (dot(one.normal, plane.normal) < 0.9999 || dot(one.row, plane.row) < 0.9999) return 'irregular'
  }
  if (!slices.every(({ image }) => alike(image, first.image))) return 'irregular'
  const scale = modalityOf(first.image, first.index)
  for (const { image, index } of slices) {
    const { slope, intercept, lut } = modalityOf(image, index)
    if (lut || slope !== scale.slope || intercept !== scale.intercept) return 'scale'
  }
  return { series, slices, plane, step, spacing: { x: spacing.x, y: spacing.y, z } }
}

/** Two more stacks through the volume: one plane a row, and one a column. Their images are read by `reslicing()`. */
export function reslicedSeries(
  volume: Volume,
  name: (plane: PlaneName) => string,
): { rows: Series; columns: Series } {
  const { columns, rows } = (volume.slices[0] as Slice).image.pixel
  return {
    rows: stackOf(volume, 'row', rows, name),
    columns: stackOf(volume, 'column', columns, name),
  }
}

/** Frames of resliced images, out of the frames of the volume; others come from `source`. */
export function reslicing(source: FrameSource, frames: Map<string, readonly Frame[]>): FrameSource {
  return {
    ...source,
    async frame(image, index, priority, signal): Promise<FrameData> {
      const cut = /^mpr:(row|column):(\d+):(.*)$/s.exec(image.key)
      const volume = cut && frames.get(cut[3] ?? '')
      if (!cut || !volume) return source.frame(image, index, priority, signal)
      // Each in a task of its own: hundreds that are fetched in advance would hold up the page.
      if (priority > 0) await new Promise((done) => setTimeout(done))
      return slab(volume, cut[1] === 'row', Number(cut[2]), image)
    },
    ...(source.check && {
      // What is cut out of frames at hand is at hand.
      check: async (image, ...rest) =>
        image.key.startsWith('mpr:') ? undefined : source.check?.(image, ...rest),
    }),
  }
}

// One line of each frame: a row as it stands, or a column gathered.
function slab(frames: readonly Frame[], isRow: boolean, at: number, image: Image): Frame {
  const { columns } = image.pixel
  const [first] = frames
  const cells: Cells =
    first?.cells instanceof Uint8Array
      ? new Uint8Array(columns * frames.length)
      : new Uint16Array(columns * frames.length)
  for (const [z, frame] of frames.entries()) {
    // Downwards on the screen is towards the feet or the back, whichever way the stack runs.
    const to = (image.attributes.upwards ? frames.length - 1 - z : z) * columns
    if (isRow) cells.set(frame.cells.subarray(at * columns, (at + 1) * columns) as never, to)
    else {
      const width = Math.round(frame.cells.length / columns)
      for (let y = 0; y < columns; y++) cells[to + y] = frame.cells[y * width + at] as number
    }
  }
  return { cells, planar: false, photometric: first?.photometric ?? '' }
}

function stackOf(
  volume: Volume,
  axis: 'row' | 'column',
  count: number,
  name: (plane: PlaneName) => string,
): Series {
  const { plane, step, spacing, slices, series } = volume
  const base = (slices[0] as Slice).image
  const along = axis === 'row' ? plane.row : plane.column
  const across = axis === 'row' ? plane.column : plane.row
  const [pixel, gap] = axis === 'row' ? [spacing.x, spacing.y] : [spacing.y, spacing.x]
  const depth = scaled(step, 1 / spacing.z)
  const upwards = isUpwards(depth)
  const down = upwards ? scaled(depth, -1) : depth
  const top = upwards ? add(plane.origin, step, slices.length - 1) : plane.origin
  const label = name(planeName(across))
  const images = Array.from({ length: count }, (_, at): Image => {
    const origin = add(top, across, at * gap)
    const attributes: Attributes = {
      ...withoutFunctionalGroups(base.attributes),
      '00200032': origin,
      '00200037': [...along, ...down],
      '00280030': [spacing.z, pixel],
      '00180050': [gap],
      ...(upwards && { upwards: ['1'] }),
    }
    const columns = axis === 'row' ? base.pixel.columns : base.pixel.rows
    return {
      ...base,
      key: `mpr:${axis}:${at}:${series.uid}`,
      sopInstanceUid: `${base.sopInstanceUid}.${axis}.${at}`,
      frameCount: 1,
      frameTimeMs: null,
      instanceNumber: at + 1,
      attributes,
      pixel: { ...base.pixel, columns, rows: slices.length },
    }
  })
  return { ...series, uid: `${series.uid}:${axis}`, description: label, images, sheets: [], unshown: [] }
}

// The functional groups and overlays are about the frames as acquired; what the picture needs of them is copied.
function withoutFunctionalGroups(attributes: Attributes): Attributes {
  const kept = Object.entries(attributes).filter(([tag]) => !/^(5200|60)/.test(tag))
  const shared = attributes['52009229']?.[0]
  const own = attributes['52009230']?.[0]
  const groups = [shared, own].flatMap((groupSet) =>
    typeof groupSet === 'object' ? Object.values(groupSet) : [],
  )
  const flat = groups.flatMap((values) => (typeof values?.[0] === 'object' ? [values[0]] : []))
  return Object.assign({}, ...flat, Object.fromEntries(kept)) as Attributes
}

// Head up in coronal and sagittal planes; the front up in planes that are nearest to axial.
function isUpwards([x, y, z]: Vector): boolean {
  if (Math.abs(z) >= Math.abs(x) && Math.abs(z) >= Math.abs(y)) return z > 0
  return Math.abs(y) >= Math.abs(x) ? y < 0 : x < 0
}

const alike = (a: Image, b: Image): boolean => JSON.stringify(a.pixel) === JSON.stringify(b.pixel)

const scaled = ([x, y, z]: Vector, by: number): Vector => [x * by, y * by, z * by]
