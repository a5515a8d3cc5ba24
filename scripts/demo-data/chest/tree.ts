import type { Tube } from '../raster.ts'

export type Point = { x: number; y: number; z: number }

/**
 * Grows a tree of vessels from `root` into a cloud of points: go part of the way to the cloud's middle, split
 * the cloud across its longest side, and grow each half. It fills a lung evenly and never leaves it.
 */
export function growTree(root: Point, cloud: Point[], radius: number, smallest: number): Tube[] {
  const tubes: Tube[] = []
  grow(root, cloud, radius, smallest, tubes)
  return tubes
}

function grow(from: Point, cloud: Point[], radius: number, smallest: number, tubes: Tube[]): void {
  if (cloud.length === 0 || radius < smallest) return
  const middle = centroid(cloud)
  const share = cloud.length === 1 ? 0.95 : 0.42
  const to = {
    x: from.x + (middle.x - from.x) * share,
    y: from.y + (middle.y - from.y) * share,
    z: from.z + (middle.z - from.z) * share,
  }
  tubes.push({ ax: from.x, ay: from.y, az: from.z, bx: to.x, by: to.y, bz: to.z, radius })
  if (cloud.length === 1) return
  const [near, far] = split(cloud, middle)
  // Murray's law: the cube of the radius is shared out like the flow.
  for (const half of [near, far]) {
    grow(to, half, radius * Math.cbrt(half.length / cloud.length) * 0.985, smallest, tubes)
  }
}

function centroid(cloud: Point[]): Point {
  const sum = { x: 0, y: 0, z: 0 }
  for (const { x, y, z } of cloud) {
    sum.x += x
    sum.y += y
    sum.z += z
  }
  return { x: sum.x / cloud.length, y: sum.y / cloud.length, z: sum.z / cloud.length }
}

function split(cloud: Point[], middle: Point): [Point[], Point[]] {
  const spread = { x: 0, y: 0, z: 0 }
  for (const point of cloud) {
    for (const axis of ['x', 'y', 'z'] as const) spread[axis] += (point[axis] - middle[axis]) ** 2
  }
  const axis =
    spread.x >= spread.y && spread.x >= spread.z
      ? 'x'
      : spread.y >= spread.z
        ? ('y' as const)
        : ('z' as const)
  const sorted = cloud.toSorted((a, b) => a[axis] - b[axis])
  const half = sorted.length >> 1
  return [sorted.slice(0, half), sorted.slice(half)]
}
