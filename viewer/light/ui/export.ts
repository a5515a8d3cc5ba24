import { day, m } from '../messages/messages.ts'
import type { Size } from '../render/view.ts'
import { h } from './dom.ts'
import type { Viewport } from './viewport.ts'

/** The view as it is seen, with its texts and marks, as PNG. */
export async function savePng(viewport: Viewport): Promise<void> {
  const canvas = flattened(viewport)
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'))
  if (!blob) return
  const url = URL.createObjectURL(blob)
  // No name of the patient in the file's name: it ends up in download folders.
  const name = `${viewport.series?.modality || 'IMG'}-${viewport.series?.number ?? 0}-${viewport.at + 1}.png`
  const link = h('a', { href: url, download: name })
  document.body.append(link)
  link.click()
  link.remove()
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}

/** Prints the views on one page, without the tools around them. */
export function printViews(viewports: readonly Viewport[]): void {
  const read = viewports.flatMap(({ element, series, study }) =>
    series && series.sheets.length > 0
      ? [
          h('p', {}, [study?.patient.name, day(study?.patient.birthDate ?? '')].filter(Boolean).join(' · ')),
          ...[...element.querySelectorAll('.sheet')].map((sheet) => sheet.cloneNode(true)),
        ]
      : [],
  )
  const pages = viewports
    .filter(({ slices }) => slices.length > 0)
    .map((viewport) => {
      const image = h('img', { alt: '', src: flattened(viewport).toDataURL('image/png') })
      return { element: h('figure', {}, image), ready: image.decode() }
    })
  const sheet = h(
    'div',
    { class: 'print-sheet' },
    ...pages.map(({ element }) => element),
    ...read,
    h('p', {}, `${m().notDiagnostic} ${m().printedOn(new Date().toLocaleDateString(m().locale))}`),
  )
  document.body.append(sheet)
  const remove = () => sheet.remove()
  addEventListener('afterprint', remove, { once: true })
  void Promise.allSettled(pages.map(({ ready }) => ready)).then(() => window.print())
}

// Picture, marks and corner texts on one canvas.
function flattened(viewport: Viewport): HTMLCanvasElement {
  const layers = [...viewport.stage.querySelectorAll('canvas')]
  const [first] = layers
  const canvas = h('canvas', { width: first?.width ?? 1, height: first?.height ?? 1 })
  const context = canvas.getContext('2d')
  if (!context) return canvas
  for (const layer of layers) context.drawImage(layer, 0, 0)
  context.scale(devicePixelRatio, devicePixelRatio)
  context.fillStyle = '#e8eef4'
  context.textBaseline = 'top'
  context.shadowColor = '#000'
  context.shadowBlur = 3
  // An image that has not come whole, or cannot be shown, must not pass for one, whatever texts are shown.
  if (!viewport.frame()) {
    const words = viewport.stage.querySelector('.tile:not([hidden]) .tile-title')?.textContent || m().notWhole
    context.font = '600 16px system-ui, sans-serif'
    context.textAlign = 'center'
    const { width, height } = viewport.size()
    context.fillText(words, width / 2, height / 2, width - 16)
    context.textAlign = 'start'
  }
  for (const corner of viewport.stage.querySelectorAll<HTMLElement>('.corner'))
    drawCorner(context, corner, viewport.size())
  return canvas
}

// At its place even where the screen leaves it out, as whose picture it is beside the other planes of a volume.
function drawCorner(context: CanvasRenderingContext2D, corner: HTMLElement, { width, height }: Size): void {
  const place = corner.className.replace(/^.*corner-/, '')
  const lines = [...corner.children].map(({ textContent }) => textContent ?? '')
  const [x, align] = /^(.l|left)$/.test(place)
    ? ([10, 'left'] as const)
    : /^(.r|right)$/.test(place)
      ? ([width - 10, 'right'] as const)
      : ([width / 2, 'center'] as const)
  const tall = lines.length * LINE
  const y = /^(t.|top)$/.test(place)
    ? 8
    : /^(b.|bottom)$/.test(place)
      ? height - 8 - tall
      : (height - tall) / 2
  context.textAlign = align
  const { fontFamily, color } = getComputedStyle(corner)
  context.fillStyle = color
  for (const [row, line] of lines.entries()) {
    const bold = place.length > 2 || (place === 'tl' && row === 0)
    context.font = `${bold ? '700 14px' : '12.5px'} ${fontFamily}`
    context.fillText(fitting(context, line, width * 0.46), x, y + row * LINE)
  }
}

const LINE = 17.5

function fitting(context: CanvasRenderingContext2D, line: string, room: number): string {
  if (context.measureText(line).width <= room) return line
  let kept = line
  while (kept && context.measureText(`${kept}…`).width > room) kept = kept.slice(0, -1)
  return `${kept}…`
}
