import type { WaveformChannel, WaveformGroup } from '../model/model.ts'

/** How waveforms are laid out on the paper. */
export interface WaveformLook {
  /** Millimetres a second. */
  readonly speed: number
  /** Millimetres a millivolt. */
  readonly gain: number
  readonly layout: WaveformLayout
}

export const LAYOUTS = ['rows', 'sixByTwo', 'threeByFour'] as const

/** All channels below one another; or twelve leads in columns, each of its own part of the time. */
export type WaveformLayout = (typeof LAYOUTS)[number]

/** Which layouts make sense for a group, the usual one first. */
export const layoutsOf = ({ channels }: WaveformGroup): readonly WaveformLayout[] =>
  channels.length === 12 ? LAYOUTS : ['rows']

/** The waveforms on a grid of millimetres, in their true size: 1 mm of the drawing is 1 mm of paper. */
export function drawWaveforms(group: WaveformGroup, look: WaveformLook): SVGSVGElement {
  const rows = rowsOf(group, look)
  const seconds = durationOf(group)
  const width = MARGIN_MM + Math.ceil((seconds * look.speed) / 5) * 5 + 5
  const rooms = rows.map((row) => roomOf(row, look))
  const height = rooms.reduce((sum, { above, below }) => sum + above + below, 0)
  const drawing = element('svg', {
    viewBox: `0 0 ${width} ${height}`,
    width: `${width}mm`,
    height: `${height}mm`,
    class: 'ecg',
  })
  drawing.append(
    element('path', { class: 'grid-fine', d: gridPath(width, height, 1) }),
    element('path', { class: 'grid', d: gridPath(width, height, 5) }),
  )
  let top = 0
  for (const [at, row] of rows.entries()) {
    const { above, below } = rooms[at] ?? { above: 0, below: 0 }
    drawing.append(...rowElements(row, top + above, group.frequency, look))
    top += above + below
  }
  return drawing
}

interface Part {
  readonly channel: WaveformChannel
  /** Samples of the channel: from, and up to (exclusive). */
  readonly from: number
  readonly to: number
}

type Row = readonly Part[]

/** Room for the mark of one millivolt. */
const MARGIN_MM = 10
/** A trace that goes further runs into its neighbours, as it does on paper. */
const MOST_MM = 30

const durationOf = ({ channels, frequency }: WaveformGroup): number => sampleCount(channels) / frequency

const sampleCount = (channels: readonly WaveformChannel[]): number =>
  Math.max(0, ...channels.map(({ values }) => values.length))

function rowsOf({ channels }: WaveformGroup, { layout }: WaveformLook): Row[] {
  const count = sampleCount(channels)
  const whole = (channel: WaveformChannel): Row => [{ channel, from: 0, to: count }]
  if (layout === 'rows') return channels.map(whole)
  const columns = layout === 'sixByTwo' ? 2 : 4
  const perColumn = channels.length / columns
  const rows = Array.from({ length: perColumn }, (_, row) =>
    Array.from({ length: columns }, (_unused, column) => channels[column * perColumn + row]).flatMap(
      (channel, column): Part[] => {
        const [from, to] = [column, column + 1].map((part) => Math.round((part * count) / columns))
        return channel && from !== undefined && to !== undefined ? [{ channel, from, to }] : []
      },
    ),
  )
  // What is cut into columns has its rhythm below, from the lead where it is read: II.
  const rhythm = channels.find(({ label }) => label === 'II') ?? channels[1]
  return rhythm ? [...rows, whole(rhythm)] : rows
}

/** Millimetres above and below the line of naught: as far as the row's traces go, and its mark of one millivolt. */
function roomOf(row: Row, look: WaveformLook): { above: number; below: number } {
  let [above, below] = [look.gain + 1, 3]
  for (const { channel, from, to } of row) {
    const { low, high } = rangeOf(channel, from, to)
    const [middle, scale] = [middleOf(channel), scaleOf(channel, look)]
    above = Math.max(above, (high - middle) * scale + 1)
    below = Math.max(below, (middle - low) * scale + 1)
  }
  const whole = (mm: number) => Math.min(MOST_MM, Math.ceil(mm))
  return { above: whole(above), below: whole(below) }
}

function rangeOf({ values }: WaveformChannel, from = 0, to = values.length) {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (let at = from; at < to; at++) {
    const value = values[at] ?? Number.NaN
    if (value < low) low = value
    if (value > high) high = value
  }
  return low > high ? { low: 0, high: 0 } : { low, high }
}

/** What stands in the middle of a row: volts swing around naught, pressures and the like around what they are. */
function middleOf(channel: WaveformChannel): number {
  if (channel.unit === 'mV') return 0
  const { low, high } = rangeOf(channel)
  return (low + high) / 2
}

/** Millimetres a unit: what was chosen for millivolts, a round number that fits for anything else. */
function scaleOf(channel: WaveformChannel, { gain }: WaveformLook): number {
  if (channel.unit === 'mV') return gain
  const { low, high } = rangeOf(channel)
  const fitting = 30 / Math.max(high - low, 1e-9)
  const power = 10 ** Math.floor(Math.log10(fitting))
  return power * ([5, 2, 1].find((step) => step * power <= fitting) ?? 1)
}

function rowElements(row: Row, middle: number, frequency: number, look: WaveformLook): SVGElement[] {
  const [first] = row
  const elements = first?.channel.unit === 'mV' ? [calibration(middle, look)] : []
  for (const part of row) {
    const left = MARGIN_MM + (part.from / frequency) * look.speed
    const scale = scaleOf(part.channel, look)
    elements.push(
      element('path', { class: 'trace', d: tracePath(part, middle, scale, frequency, look.speed) }),
    )
    if (part.from > 0)
      elements.push(
        element('path', { class: 'trace', d: `M${left} ${middle - 6}v3M${left} ${middle + 3}v3` }),
      )
    const label = element('text', { class: 'lead', x: String(left + 1), y: String(middle - 4.5) })
    label.textContent =
      part.channel.unit === 'mV'
        ? part.channel.label
        : `${part.channel.label} · ${Number((10 / scale).toPrecision(3))} ${part.channel.unit}/cm`
    elements.push(label)
  }
  return elements
}

// As electrocardiographs mark it: one millivolt, for 200 ms.
function calibration(middle: number, { gain, speed }: WaveformLook): SVGElement {
  const width = Math.min(5, 0.2 * speed)
  return element('path', {
    class: 'trace calibration',
    d: `M1 ${middle}h1v${-gain}h${width}v${gain}h1`,
  })
}

function tracePath(
  { channel, from, to }: Part,
  middle: number,
  scale: number,
  frequency: number,
  speed: number,
): string {
  const offset = middleOf(channel)
  let path = ''
  let isDown = false
  for (let at = from; at < to; at++) {
    const value = channel.values[at] ?? Number.NaN
    if (Number.isNaN(value)) {
      isDown = false
      continue
    }
    const x = MARGIN_MM + (at / frequency) * speed
    path += `${isDown ? 'L' : 'M'}${x.toFixed(2)} ${(middle - (value - offset) * scale).toFixed(2)}`
    isDown = true
  }
  return path
}

function gridPath(width: number, height: number, step: number): string {
  let path = ''
  for (let x = 0; x <= width; x += step) path += `M${x} 0V${height}`
  for (let y = 0; y <= height; y += step) path += `M0 ${y}H${width}`
  return path
}

function element<K extends 'svg' | 'path' | 'text'>(
  name: K,
  attributes: Readonly<Record<string, string>>,
): SVGElementTagNameMap[K] {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value)
  return made
}
