import { decimal, m } from '../messages/messages.ts'
import type { Frame } from '../model/model.ts'
import type { Slice } from '../model/studies.ts'
import { angleOf, lengthOf, type Mark, probe, statisticsOf } from '../tools/measure.ts'
import { aspectOf, hasRegions, type Spacing, spacingOf } from '../tools/spacing.ts'
import { type Matrix, type Point, toScreen } from './view.ts'

/** Draws a mark with what it measures. */
export function drawMark(
  context: CanvasRenderingContext2D,
  mark: Mark,
  slice: Slice,
  frame: Frame | null,
  matrix: Matrix,
  isNew: boolean,
): void {
  const points = mark.points.map((point) => toScreen(matrix, point))
  context.lineWidth = 1.5
  context.strokeStyle = context.fillStyle = isNew ? '#ffd166' : '#7fe3a0'
  context.shadowColor = '#000'
  context.shadowBlur = 2
  drawShape(context, mark, points, matrix)
  const anchor = anchorOf(mark, points)
  if (anchor) drawLines(context, wordsOf(mark, slice, frame), anchor)
  context.shadowBlur = 0
}

/** What a mark measures, in words. */
export function wordsOf(mark: Mark, { image, index }: Slice, frame: Frame | null): string[] {
  const { units, roi } = m()
  const [first] = mark.points
  if (!first) return []
  const spacing = spacingOf(image, index, mark.points)
  const unit = spacing ? units.mm : units.pixels
  const hint = calibrationOf(spacing)
  if (mark.tool === 'length') return [`${decimal(lengthOf(mark.points, spacing), 1)} ${unit}${hint}`]
  if (mark.tool === 'angle') {
    if (mark.points.length < 3) return []
    // A region's own pixels; across regions, or of seconds and velocities, an angle is one of the drawing alone.
    const aspect = spacing ? spacing.y / spacing.x : aspectOf(image, index)
    const drawn = !spacing && hasRegions(image) ? hint : ''
    return [`${decimal(angleOf(mark.points, aspect), 1)}${units.degrees}${drawn}`]
  }
  if (mark.tool === 'probe') return frame ? [probeWords(first, frame, { image, index })] : []
  const [a, b] = mark.points
  if (!a || !b) return []
  const across = Math.abs(b.x - a.x) * (spacing?.x ?? 1)
  const down = Math.abs(b.y - a.y) * (spacing?.y ?? 1)
  const area = across * down * (mark.tool === 'ellipse' ? Math.PI / 4 : 1)
  const areaUnit = spacing ? units.mm2 : units.pixels2
  const lines = [`${roi.area} ${decimal(area, 1)} ${areaUnit}${hint}`]
  const found = frame && statisticsOf(mark, frame, image, index)
  if (!found) return lines
  const suffix = found.units ? ` ${found.units}` : ''
  return [
    `${roi.mean} ${decimal(found.mean, 1)}${suffix}  ${roi.deviation} ${decimal(found.deviation, 1)}`,
    `${roi.range} ${decimal(found.least, 1)} / ${decimal(found.most, 1)}`,
    ...lines,
  ]
}

function probeWords(point: Point, frame: Frame, { image, index }: Slice): string {
  const found = probe(point, frame, image, index)
  if (!found) return ''
  const place = `(${found.x + 1}, ${found.y + 1})`
  if (found.values.length === 0) return `${m().padding} ${place}`
  return `${found.values.map((value) => decimal(value, 2)).join(' ')} ${found.units} ${place}`.replace(
    '  ',
    ' ',
  )
}

function calibrationOf(spacing: Spacing | null): string {
  const { calibration } = m()
  if (!spacing) return ` (${calibration.none})`
  return spacing.kind === 'patient' ? '' : ` (${calibration[spacing.kind]})`
}

function drawShape(
  context: CanvasRenderingContext2D,
  mark: Mark,
  points: readonly Point[],
  matrix: Matrix,
): void {
  const [a, b] = mark.points
  context.beginPath()
  if (mark.tool === 'ellipse' && a && b) {
    context.save()
    context.transform(matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f)
    const [x, y] = [(a.x + b.x) / 2, (a.y + b.y) / 2]
    context.ellipse(x, y, Math.abs(b.x - a.x) / 2, Math.abs(b.y - a.y) / 2, 0, 0, 2 * Math.PI)
    context.restore()
  } else if (mark.tool === 'rectangle' && a && b) {
    for (const corner of [a, { x: b.x, y: a.y }, b, { x: a.x, y: b.y }]) {
      const { x, y } = toScreen(matrix, corner)
      context.lineTo(x, y)
    }
    context.closePath()
  } else for (const { x, y } of points) context.lineTo(x, y)
  context.stroke()
  for (const { x, y } of points) {
    context.beginPath()
    context.arc(x, y, mark.tool === 'probe' ? 4 : 2.5, 0, 2 * Math.PI)
    if (mark.tool === 'probe') context.stroke()
    else context.fill()
  }
}

function anchorOf(mark: Mark, points: readonly Point[]): Point | null {
  if (points.length === 0) return null
  if (mark.tool === 'angle') return points[1] ?? null
  const right = points.reduce((best, point) => (point.x > best.x ? point : best))
  const bottom = Math.max(...points.map(({ y }) => y))
  return { x: right.x, y: mark.tool === 'length' || mark.tool === 'probe' ? right.y : bottom }
}

function drawLines(context: CanvasRenderingContext2D, lines: readonly string[], { x, y }: Point): void {
  context.font = '600 13px system-ui, sans-serif'
  context.textBaseline = 'top'
  const width = Math.max(0, ...lines.map((line) => context.measureText(line).width))
  const ratio = devicePixelRatio
  const { width: most, height: deepest } = context.canvas
  const left = Math.max(4, Math.min(x + 8, most / ratio - width - 10))
  const top = Math.max(4, Math.min(y + 6, deepest / ratio - lines.length * 17 - 6))
  const colour = context.fillStyle
  context.shadowBlur = 0
  if (lines.length > 0) {
    context.fillStyle = 'rgb(0 0 0 / 62%)'
    context.fillRect(left - 4, top - 3, width + 8, lines.length * 17 + 4)
  }
  context.fillStyle = colour
  for (const [row, line] of lines.entries()) context.fillText(line, left, top + row * 17)
}
