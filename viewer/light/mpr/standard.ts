import { planeName } from '../model/orientation.ts'
import { add, dot, type Plane, type Vector } from '../model/plane.ts'
import { INITIAL_VIEW, TURNS, type View } from '../render/view.ts'

/**
 * The view in which people know a plane: axial with the front up, coronal and sagittal with the head up, the patient's
 * left, or back, on the right.
 */
export function standardView({ row, column, normal }: Plane): View {
  const [right, down] = WAYS[planeName(normal)]
  let best = { view: INITIAL_VIEW, fit: Number.NEGATIVE_INFINITY }
  for (const turns of [0, 1, 2, 3] as const)
    for (const flipH of [false, true]) {
      const [cos, sin] = TURNS[turns]
      const along = flipH ? scaled(row, -1) : row
      const seenRight = add(scaled(along, cos), column, -sin)
      const seenDown = add(scaled(along, sin), column, cos)
      const fit = dot(seenRight, right) + dot(seenDown, down)
      if (fit > best.fit + 1e-6) best = { view: { ...INITIAL_VIEW, turns, flipH }, fit }
    }
  return best.view
}

const WAYS: Readonly<Record<ReturnType<typeof planeName>, readonly [Vector, Vector]>> = {
  axial: [
    [1, 0, 0],
    [0, 1, 0],
  ],
  coronal: [
    [1, 0, 0],
    [0, 0, -1],
  ],
  sagittal: [
    [0, 1, 0],
    [0, 0, -1],
  ],
}

const scaled = ([x, y, z]: Vector, by: number): Vector => [x * by, y * by, z * by]
