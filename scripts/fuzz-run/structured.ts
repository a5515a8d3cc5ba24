import {
  type Element,
  encode,
  header,
  type Identity,
  ITEM,
  identityOf,
  SYNTAX,
  UNDEFINED,
  wrapped,
} from './encoding.ts'
import type { Dice } from './random.ts'
import { hostileText } from './texts.ts'

const VALUE_TYPES = ['TEXT', 'CODE', 'NUM', 'PNAME', 'DATE', 'DATETIME', 'IMAGE', 'CONTAINER', '<b>'] as const
const CONTENT = 0x0040a730

/** A structured report (PS3.3 §A.35) whose words are hostile, `depth` containers in each other; not `whole`: its end is missing. */
export function structuredFile(
  dice: Dice,
  id: Identity,
  {
    depth,
    width = 3,
    whole = true,
    text = () => hostileText(dice, 60, { controls: 0.05 }),
  }: { depth: number; width?: number; whole?: boolean; text?: () => string },
): Buffer {
  const open = Buffer.concat([
    encode(line(dice, text, 'CONTAINER', []), 'explicit'),
    header(CONTENT, 'SQ', UNDEFINED, 'explicit'),
    header(ITEM, '', UNDEFINED, 'implicit'),
  ])
  const close = Buffer.concat([header(0xfffee00d, '', 0, 'implicit'), header(0xfffee0dd, '', 0, 'implicit')])
  const levels = (part: Buffer) => Array.from({ length: depth }, () => part)
  const few = Array.from({ length: Math.min(width, 20) }, () => item(encode(line(dice, text), 'explicit')))
  const lines = Array.from({ length: width }, (_, index) => few[index % few.length] ?? item(Buffer.alloc(0)))
  const content = Buffer.concat(lines)
  const head = identityOf(id).flatMap(([tag, vr, value]): Element[] => {
    if (tag >= 0x00280000) return []
    if (tag === 0x00080016) return [[tag, vr, '1.2.840.10008.5.1.4.1.1.88.11']]
    return [tag === 0x00080060 ? [tag, vr, 'SR'] : [tag, vr, value]]
  })
  return wrapped(
    id,
    SYNTAX.explicit,
    Buffer.concat([
      encode(
        [...head, [0x00080005, 'CS', 'ISO_IR 192'] as Element].toSorted(([a], [b]) => a - b),
        'explicit',
      ),
      ...levels(open),
      encode(line(dice, text), 'explicit'),
      header(CONTENT, 'SQ', content.byteLength, 'explicit'),
      content,
      ...(whole ? levels(close) : []),
    ]),
  )
}

/** One item of the tree, in the order of its tags. */
function line(
  dice: Dice,
  text: () => string,
  type: string = dice.pick(VALUE_TYPES),
  more?: Element[],
): Element[] {
  const code = item(
    encode(
      [
        [0x00080100, 'SH', '1'],
        [0x00080102, 'SH', '99FUZZ'],
        [0x00080104, 'LO', text()],
      ],
      'explicit',
    ),
  )
  return [
    [0x0040a010, 'CS', 'CONTAINS'],
    [0x0040a040, 'CS', type],
    [0x0040a043, 'SQ', code],
    ...(more ?? [
      [0x0040a121, 'DA', dice.chance(0.5) ? '20200518' : text()] as Element,
      [0x0040a123, 'PN', text()] as Element,
      [0x0040a160, 'UT', text()] as Element,
      [0x0040a168, 'SQ', code] as Element,
    ]),
  ]
}

const item = (content: Buffer): Buffer =>
  Buffer.concat([header(ITEM, '', content.byteLength, 'implicit'), content])
