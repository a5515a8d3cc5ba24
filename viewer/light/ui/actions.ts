import type { Tool } from '../tools/interaction.ts'

/** What can be done by button, menu or key. */
export type ActionName =
  | 'fit'
  | 'actual'
  | 'rotateLeft'
  | 'rotateRight'
  | 'flipH'
  | 'flipV'
  | 'invert'
  | 'reset'
  | 'play'
  | 'one'
  | 'two'
  | 'mpr'
  | 'link'
  | 'lines'
  | 'texts'
  | 'overlays'
  | 'trash'
  | 'save'
  | 'print'
  | 'full'
  | 'report'
  | 'help'
  | 'folder'
  | 'series'

export interface Actions {
  run(name: ActionName): void
  can(name: ActionName): boolean
  /** Null where it is no switch. */
  isOn(name: ActionName): boolean | null
  tool(): Tool
  setTool(tool: Tool): void
  /** The key that does it, as shown in tips. */
  keyOf(name: ActionName | Tool): string
  openPresets(anchor: HTMLElement): void
  rate(): number
  setRate(perSecond: number): void
}

/** Keys of actions and tools: shown in tips and in the help. */
export const KEYS: Readonly<Partial<Record<ActionName | Tool, string>>> = {
  window: 'W',
  scroll: 'S',
  pan: 'P',
  zoom: 'Z',
  length: 'L',
  angle: 'A',
  rectangle: 'R',
  ellipse: 'E',
  probe: 'H',
  crosshair: 'X',
  fit: 'F',
  actual: 'O',
  rotateLeft: '[',
  rotateRight: ']',
  flipH: 'J',
  flipV: 'V',
  invert: 'I',
  reset: '0',
  play: 'C',
  one: 'Q',
  two: 'D',
  mpr: 'M',
  link: 'K',
  lines: 'N',
  texts: 'T',
  overlays: 'Y',
  trash: 'Del',
  save: 'G',
  report: 'B',
  help: '?',
  full: 'U',
  folder: 'Ctrl O',
  print: 'Ctrl P',
}
