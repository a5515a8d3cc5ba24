/** A picture being painted: values in a row-major array, places in millimetres from its centre. */
export type Canvas = {
  size: number
  /** Millimetres a pixel. */
  spacing: number
  data: Float32Array
  /** Signed coverage of the outline being filled; all zero between calls. */
  coverage: Float32Array
}

/** A closed outline: x0, y0, x1, y1 … in millimetres. */
export type Outline = number[]

export type Paint = {
  value: number
  /** 0 … 1, how much of what lies below is hidden. */
  opacity?: number
  /** Added per millimetre downwards: blood and water settle at the back of a lying patient. */
  gradientY?: number
  texture?: (x: number, y: number) => number
  /** Only what is darker than this is painted over, by at most that: fat fills lung, and no vessel in it. */
  over?: number
  /** Only what lies above or below this place (mm) is painted: levels of air and fluid. */
  above?: number
  below?: number
}

export function createCanvas(size: number, spacing: number): Canvas {
  const pixels = size * size
  return { size, spacing, data: new Float32Array(pixels), coverage: new Float32Array(pixels + 2) }
}

/** Fills an outline; every pixel takes the share of it that the outline covers, so edges come out soft. */
export function fill(canvas: Canvas, outline: Outline, paint: Paint): void {
  const { size, spacing } = canvas
  const toPixel = (mm: number) => Math.min(size - 2, Math.max(1, mm / spacing + size / 2))
  let top = size
  let bottom = 0
  let left = size
  let right = 0
  const count = outline.length
  for (let i = 0; i < count; i += 2) {
    const next = (i + 2) % count
    const x = toPixel(outline[i] ?? 0)
    const y = toPixel(outline[i + 1] ?? 0)
    addEdge(canvas, x, y, toPixel(outline[next] ?? 0), toPixel(outline[next + 1] ?? 0))
    top = Math.min(top, y)
    bottom = Math.max(bottom, y)
    left = Math.min(left, x)
    right = Math.max(right, x)
  }
  if (count > 0) paintCoverage(canvas, { top, bottom, left, right }, paint)
}

type Box = { top: number; bottom: number; left: number; right: number }

function paintCoverage(canvas: Canvas, box: Box, paint: Paint) {
  const { size, spacing, data, coverage } = canvas
  const { value, opacity = 1, gradientY = 0, texture, above, below, over = Infinity } = paint
  const firstX = Math.floor(box.left)
  const lastX = Math.min(size - 1, Math.ceil(box.right) + 1)
  const lastY = Math.min(size - 1, Math.ceil(box.bottom))
  for (let y = Math.floor(box.top); y <= lastY; y++) {
    const mm = (y + 0.5 - size / 2) * spacing
    const hidden = (above !== undefined && mm > above) || (below !== undefined && mm < below)
    const rowValue = value + gradientY * mm
    let sum = 0
    for (let x = firstX; x <= lastX; x++) {
      const at = y * size + x
      sum += coverage[at] ?? 0
      coverage[at] = 0
      if (hidden) continue
      const share = Math.min(1, Math.abs(sum)) * opacity
      if (share < 0.002) continue
      const under = data[at] ?? 0
      if (under > over) continue
      data[at] = under + share * ((texture ? rowValue + texture(x, y) : rowValue) - under)
    }
  }
}

// Exact signed areas, one edge at a time, as font renderers do: the running sum along a row is the coverage.
function addEdge(canvas: Canvas, ax: number, ay: number, bx: number, by: number) {
  if (ay === by) return
  const { size, coverage } = canvas
  const down = ay < by
  const direction = down ? 1 : -1
  const topY = down ? ay : by
  const bottomY = down ? by : ay
  const slope = (bx - ax) / (by - ay)
  let x = down ? ax : bx
  const lastRow = Math.ceil(bottomY)
  for (let row = Math.floor(topY); row < lastRow; row++) {
    const height = Math.min(row + 1, bottomY) - Math.max(row, topY)
    const nextX = x + slope * height
    addSpan(coverage, row * size, Math.min(x, nextX), Math.max(x, nextX), height * direction)
    x = nextX
  }
}

function addSpan(coverage: Float32Array, line: number, from: number, to: number, area: number) {
  const first = Math.floor(from)
  const last = Math.ceil(to)
  if (last <= first + 1) {
    const middle = (from + to) / 2 - first
    add(coverage, line + first, area * (1 - middle))
    add(coverage, line + first + 1, area * middle)
    return
  }
  const perPixel = area / (to - from)
  let before = 0
  for (let pixel = first; pixel < last; pixel++) {
    // The share of the row that lies right of the edge within this pixel, from the trapezium's area.
    const enter = Math.max(from, pixel)
    const leave = Math.min(to, pixel + 1)
    const crossed = perPixel * (leave - enter)
    const inPixel = crossed * (pixel + 1 - (enter + leave) / 2)
    add(coverage, line + pixel, inPixel + before)
    before = crossed - inPixel
  }
  add(coverage, line + last, before)
}

function add(coverage: Float32Array, at: number, area: number) {
  coverage[at] = (coverage[at] ?? 0) + area
}

/** Paints the cut of a ball-ended tube: `distance` of each nearby pixel to its axis decides the share. */
export function fillTube(canvas: Canvas, tube: Tube, z: number, radius: number, paint: Paint): void {
  const { size, spacing, data } = canvas
  const { ax, ay, az, bx, by, bz } = tube
  const reach = radius + spacing
  if (z < Math.min(az, bz) - reach || z > Math.max(az, bz) + reach) return
  const dx = bx - ax
  const dy = by - ay
  const dz = bz - az
  const lengthSquared = dx * dx + dy * dy + dz * dz || 1e-9
  // The part of the axis that can touch this plane bounds the box of pixels.
  const near = dz === 0 ? [0, 1] : [(z - reach - az) / dz, (z + reach - az) / dz]
  const t0 = Math.min(1, Math.max(0, Math.min(near[0] ?? 0, near[1] ?? 1)))
  const t1 = Math.min(1, Math.max(0, Math.max(near[0] ?? 0, near[1] ?? 1)))
  const toPixel = (mm: number) => Math.min(size - 1, Math.max(0, mm / spacing + size / 2))
  const firstX = Math.floor(toPixel(Math.min(ax + dx * t0, ax + dx * t1) - reach))
  const lastX = Math.ceil(toPixel(Math.max(ax + dx * t0, ax + dx * t1) + reach))
  const firstY = Math.floor(toPixel(Math.min(ay + dy * t0, ay + dy * t1) - reach))
  const lastY = Math.ceil(toPixel(Math.max(ay + dy * t0, ay + dy * t1) + reach))
  const { value, opacity = 1 } = paint
  // Vessels thinner than a pixel fade instead of vanishing.
  const faint = Math.min(1, (2 * radius) / spacing) * opacity
  for (let row = firstY; row <= lastY; row++) {
    const py = (row + 0.5 - size / 2) * spacing - ay
    for (let column = firstX; column <= lastX; column++) {
      const px = (column + 0.5 - size / 2) * spacing - ax
      const pz = z - az
      const t = Math.min(1, Math.max(0, (px * dx + py * dy + pz * dz) / lengthSquared))
      const ex = px - dx * t
      const ey = py - dy * t
      const ez = pz - dz * t
      const share = (radius - Math.sqrt(ex * ex + ey * ey + ez * ez)) / spacing + 0.5
      if (share <= 0) continue
      const at = row * size + column
      const under = data[at] ?? 0
      data[at] = under + Math.min(1, share) * faint * (value - under)
    }
  }
}

export type Tube = {
  ax: number
  ay: number
  az: number
  bx: number
  by: number
  bz: number
  /** Radius in millimetres. */
  radius: number
}
