type Child = Node | string | null | undefined | false
type Events = { readonly [K in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[K]) => void }

/** An element with attributes (false and undefined are left out), listeners under `on`, and children. Texts are never HTML. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: { readonly on?: Events; readonly [attribute: string]: unknown } = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag)
  const { on, ...attributes } = properties
  for (const [name, value] of Object.entries(attributes))
    if (value !== undefined && value !== false && value !== null)
      element.setAttribute(name, value === true ? '' : String(value))
  for (const [type, listener] of Object.entries(on ?? {}))
    element.addEventListener(type, listener as EventListener)
  for (const child of children) if (child) element.append(child)
  return element
}

/** A vector icon, 24 by 24, drawn in strokes. Decorative: the words stand beside it. */
export function svg(paths: string): SVGSVGElement {
  const element = document.createElementNS(SVG, 'svg')
  for (const [name, value] of Object.entries(ICON)) element.setAttribute(name, value)
  for (const d of paths.split('|')) {
    const path = document.createElementNS(SVG, 'path')
    path.setAttribute('d', d)
    element.append(path)
  }
  return element
}

const SVG = 'http://www.w3.org/2000/svg'
const ICON = {
  viewBox: '0 0 24 24',
  fill: 'none',
  stroke: 'currentColor',
  'stroke-width': '1.7',
  'stroke-linecap': 'round',
  'stroke-linejoin': 'round',
  'aria-hidden': 'true',
}
