import { day, decimal, m, minute } from '../messages/messages.ts'
import type { Series, Study } from '../model/model.ts'
import { type Side, sidesOf } from '../model/orientation.ts'
import { facts, planeOf, type Vector } from '../model/plane.ts'
import { number, text, texts } from '../model/record.ts'
import type { Slice } from '../model/studies.ts'
import { isColour } from '../pixels/picture.ts'
import { isPartlyPresented } from '../pixels/presentation.ts'
import type { Voi } from '../pixels/voi.ts'
import type { Matrix } from '../render/view.ts'
import { positionOf } from '../tools/geometry.ts'
import { h } from './dom.ts'

/** The texts in the corners of a viewport, and the letters of the patient's sides at its edges. */
export interface Corners {
  readonly element: HTMLElement
  set(shown: Shown | null): void
}

interface Shown {
  readonly study: Study
  readonly series: Series
  readonly slice: Slice
  readonly at: number
  readonly count: number
  readonly voi: Voi | null
  readonly isPreview: boolean
  readonly invert: boolean
  readonly scale: number
  readonly matrix: Matrix
}

export function createCorners(): Corners {
  const places = ['tl', 'tr', 'bl', 'br', 'top', 'bottom', 'left', 'right'].map((place) => ({
    place,
    element: h('div', { class: `corner corner-${place}` }),
    text: '',
  }))
  const element = h('div', { class: 'corners', 'aria-hidden': true }, ...places.map((one) => one.element))
  return {
    element,
    set(shown) {
      const words = shown ? wordsOf(shown) : {}
      for (const place of places) {
        const lines = (words[place.place] ?? []).filter(Boolean)
        const joined = lines.join('\n')
        if (joined === place.text) continue
        place.text = joined
        place.element.replaceChildren(...lines.map((line) => h('span', {}, line)))
      }
    },
  }
}

function wordsOf(shown: Shown): Record<string, string[]> {
  const { study, series, slice } = shown
  const { image } = slice
  const { patient } = study
  const date = day(image.acquired.date || study.date)
  const sides = sidesOfScreen(slice, shown.matrix)
  return {
    tl: [
      patient.name || m().noName,
      [patient.birthDate && day(patient.birthDate), m().sex[patient.sex] ?? patient.sex]
        .filter(Boolean)
        .join(' · '),
      patient.id,
    ],
    tr: [
      study.institution,
      study.description,
      [date, minute(image.acquired.time || study.time)].filter(Boolean).join('  '),
    ],
    bl: [
      [series.modality, series.number === null ? '' : m().seriesNumber(series.number)]
        .filter(Boolean)
        .join(' · '),
      series.description,
      [text(image.attributes, '00185101'), series.laterality].filter(Boolean).join(' '),
      ...planeWords(slice),
    ],
    br: [
      lossyWords(slice),
      isPartlyPresented(image, slice.index) ? m().partlyPresented : '',
      shown.isPreview ? `${m().preview} · ${m().loading}` : '',
      shown.invert ? m().inverted : '',
      shown.voi && !isColour(slice.image) ? windowWords(shown.voi) : '',
      m().zoomOf(Math.round(shown.scale * 100)),
      `${m().slice} ${m().sliceOf(shown.at + 1, shown.count)}`,
    ],
    top: [sides.top],
    bottom: [sides.bottom],
    left: [sides.left],
    right: [sides.right],
  }
}

function planeWords({ image, index }: Slice): string[] {
  const thickness =
    number(facts(image, index, '00289110'), '00180050') ?? number(image.attributes, '00180050')
  const position = positionOf(image, index)
  return [
    thickness === null ? '' : m().thickness(decimal(thickness, 2)),
    position === null ? '' : m().position(decimal(position, 1)),
  ]
}

/** A window in numbers. */
export function windowWords(voi: Voi): string {
  if (voi.kind === 'lut') return m().windowLut
  const digits = voi.width < 20 ? 2 : 0
  return m().windowOf(decimal(voi.center, digits), decimal(voi.width, digits))
}

function lossyWords({ image: { attributes } }: Slice): string {
  if (text(attributes, '00282110') !== '01') return ''
  const [ratio = ''] = texts(attributes, '00282112')
  return m().lossy(ratio && Number.isFinite(Number(ratio)) ? decimal(Number(ratio), 1) : '')
}

// The patient's directions along row and column, turned as the picture is.
function sidesOfScreen({ image, index }: Slice, matrix: Matrix) {
  const plane = planeOf(image, index)
  const letters = (direction: Vector) =>
    sidesOf(direction)
      .map((side: Side) => m().orientation[side])
      .join('')
  const along = (x: number, y: number): string => {
    // Screen direction → image direction: the matrix but for its scale is its own transpose's inverse.
    const u = Math.sign(Math.round((matrix.a * x + matrix.b * y) * 1000))
    const v = Math.sign(Math.round((matrix.c * x + matrix.d * y) * 1000))
    if (plane) return letters(mix(plane.row, u, plane.column, v))
    const [row = '', column = ''] = texts(image.attributes, '00200020')
    return lettersOf(u === 0 ? column : row, (u === 0 ? v : u) < 0)
  }
  return { right: along(1, 0), left: along(-1, 0), bottom: along(0, 1), top: along(0, -1) }
}

const mix = (a: Vector, u: number, b: Vector, v: number): Vector => [
  a[0] * u + b[0] * v,
  a[1] * u + b[1] * v,
  a[2] * u + b[2] * v,
]

const OPPOSITE: Readonly<Record<string, Side>> = { L: 'R', R: 'L', A: 'P', P: 'A', H: 'F', F: 'H' }

// Patient Orientation of projections, as the file has it (§C.7.6.1.1.1).
function lettersOf(value: string, turned: boolean): string {
  return [...value]
    .map((letter) => (turned ? OPPOSITE[letter] : letter))
    .map((letter) => (letter && letter in m().orientation ? m().orientation[letter as Side] : ''))
    .join('')
}
