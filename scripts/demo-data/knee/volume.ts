/** Labels of tissue on a cubic grid; places in millimetres from the joint's middle (x left, y back, z up). */
export type LabelVolume = {
  size: number
  spacing: number
  labels: Uint8Array
}

export type Box = { x: [number, number]; y: [number, number]; z: [number, number] }

/** Negative inside, in millimetres or nearly so. */
export type Distance = (x: number, y: number, z: number) => number

export function createVolume(size: number, spacing: number): LabelVolume {
  return { size, spacing, labels: new Uint8Array(size ** 3) }
}

/** Paints a body into the volume; `only` keeps it to places that hold one of these labels now. */
export function paint(
  volume: LabelVolume,
  box: Box,
  inside: Distance,
  label: number | ((x: number, y: number, z: number) => number),
  only?: (label: number) => boolean,
): void {
  const { size, spacing, labels } = volume
  const range = ([from, to]: [number, number]): [number, number] => [
    Math.max(0, Math.floor(from / spacing + size / 2)),
    Math.min(size - 1, Math.ceil(to / spacing + size / 2)),
  ]
  const place = (index: number) => (index + 0.5 - size / 2) * spacing
  const [x0, x1] = range(box.x)
  const [y0, y1] = range(box.y)
  const [z0, z1] = range(box.z)
  for (let k = z0; k <= z1; k++) {
    const z = place(k)
    for (let j = y0; j <= y1; j++) {
      const y = place(j)
      for (let i = x0; i <= x1; i++) {
        const at = (k * size + j) * size + i
        if (only && !only(labels[at] ?? 0)) continue
        const x = place(i)
        if (inside(x, y, z) <= 0) labels[at] = typeof label === 'number' ? label : label(x, y, z)
      }
    }
  }
}

export type Vec = [x: number, y: number, z: number]

export const ellipsoid =
  ([cx, cy, cz]: Vec, [a, b, c]: Vec): Distance =>
  (x, y, z) => {
    const px = (x - cx) / a
    const py = (y - cy) / b
    const pz = (z - cz) / c
    return (Math.sqrt(px * px + py * py + pz * pz) - 1) * Math.min(a, b, c)
  }

/** A tube through points whose radius changes along it. */
export function tube(points: [x: number, y: number, z: number, radius: number][]): Distance {
  const segments = points.slice(1).map(([bx, by, bz, br], i) => {
    const [ax, ay, az, ar] = points[i] ?? [bx, by, bz, br]
    const [dx, dy, dz] = [bx - ax, by - ay, bz - az]
    return { ax, ay, az, ar, dx, dy, dz, dr: br - ar, squared: dx * dx + dy * dy + dz * dz || 1 }
  })
  return (x, y, z) => {
    let nearest = Infinity
    for (const { ax, ay, az, ar, dx, dy, dz, dr, squared } of segments) {
      const px = x - ax
      const py = y - ay
      const pz = z - az
      const t = Math.min(1, Math.max(0, (px * dx + py * dy + pz * dz) / squared))
      const ex = px - dx * t
      const ey = py - dy * t
      const ez = pz - dz * t
      // Math.hypot would be several times slower, and this runs tens of millions of times.
      const distance = Math.sqrt(ex * ex + ey * ey + ez * ez) - (ar + dr * t)
      if (distance < nearest) nearest = distance
    }
    return nearest
  }
}

/** The box that surely holds a tube. */
export function tubeBox(points: [number, number, number, number][]): Box {
  const side = (axis: 0 | 1 | 2): [number, number] => [
    Math.min(...points.map((point) => point[axis] - point[3])) - 1,
    Math.max(...points.map((point) => point[axis] + point[3])) + 1,
  ]
  return { x: side(0), y: side(1), z: side(2) }
}

/** Two bodies as one, with a rounded seam of `radius` millimetres. */
export const blend =
  (radius: number, ...bodies: Distance[]): Distance =>
  (x, y, z) => {
    let result = Infinity
    for (const body of bodies) {
      const next = body(x, y, z)
      const h = Math.max(0, radius - Math.abs(result - next)) / radius
      result = Math.min(result, next) - (h * h * radius) / 4
    }
    return result
  }

/** The first body where the second is not. */
export const without =
  (body: Distance, hole: Distance): Distance =>
  (x, y, z) =>
    Math.max(body(x, y, z), -hole(x, y, z))
