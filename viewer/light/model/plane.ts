import type { Attributes } from '../../../src/shards/attributes.ts'
import type { Image } from './model.ts'
import { items, numbers, text } from './record.ts'

export type Vector = readonly [number, number, number]

/** Where a frame lies in the patient (PS3.3 §C.7.6.2): the centre of its first pixel, and the ways along row and column. */
export interface Plane {
  readonly origin: Vector
  /** Unit vector from the first to the last column. */
  readonly row: Vector
  /** Unit vector from the first to the last row. */
  readonly column: Vector
  readonly normal: Vector
  readonly frameOfReferenceUid: string
}

/** The plane of a frame, or null where the file gives none. */
export function planeOf(image: Image, index: number): Plane | null {
  const [x, y, z] = numbers(facts(image, index, '00209113'), '00200032')
  const [a, b, c, d, e, f] = numbers(facts(image, index, '00209116'), '00200037')
  if (x === undefined || y === undefined || z === undefined) return null
  if (a === undefined || b === undefined || c === undefined) return null
  if (d === undefined || e === undefined || f === undefined) return null
  const row = unit([a, b, c])
  const column = unit([d, e, f])
  if (!row || !column || Math.abs(dot(row, column)) > 0.01) return null
  const frameOfReferenceUid = text(image.attributes, '00200052')
  return { origin: [x, y, z], row, column, normal: cross(row, column), frameOfReferenceUid }
}

/** The record that holds what a functional group's macro says of a frame: its own, the shared one, or the image itself. */
export function facts(image: Image, index: number, group: string): Attributes {
  const own = items(image.attributes, '52009230')[index]
  const shared = items(image.attributes, '52009229')[0]
  return items(own, group)[0] ?? items(shared, group)[0] ?? image.attributes
}

export const dot = (a: Vector, b: Vector): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2]

export const cross = (a: Vector, b: Vector): Vector => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
]

export const add = (a: Vector, b: Vector, by = 1): Vector => [
  a[0] + b[0] * by,
  a[1] + b[1] * by,
  a[2] + b[2] * by,
]

function unit(vector: Vector): Vector | null {
  const length = Math.sqrt(dot(vector, vector))
  return length > 0.5 && length < 1.5 ? [vector[0] / length, vector[1] / length, vector[2] / length] : null
}
