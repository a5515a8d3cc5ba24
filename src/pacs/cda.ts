import { recognise } from '../signature/recognise.ts'

/**
 * CDA Release 2, as far as it is shown: the document inside a nonXMLBody, or the narrative of the sections as plain text.
 * No markup, style or address of the CDA reaches a page.
 */
type Token = { kind: 'open' | 'close' | 'text'; name: string; text: string; attributes: string }

const MAX_TEXT = 200_000
const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
// Elements of the narrative block after which a line ends (CDA R2 §4.3.5).
const LINES = new Set([
  'paragraph',
  'item',
  'tr',
  'br',
  'caption',
  'title',
  'table',
  'list',
  'section',
  'text',
])

/** A PDF or .p7m that the CDA only carries (nonXMLBody); null where it has sections of its own. */
export function documentInCda(xml: Uint8Array): Uint8Array | null {
  let inBody = false
  let encoded: string | null = null
  for (const { kind, name, text, attributes } of tokens(decode(xml))) {
    if (name === 'nonXMLBody') inBody = kind === 'open'
    if (inBody && kind === 'open' && name === 'text' && /representation\s*=\s*["']B64["']/i.test(attributes))
      encoded = ''
    else if (kind === 'close' && name === 'text' && encoded !== null) break
    else if (encoded !== null && kind === 'text') encoded += text
  }
  if (encoded === null) return null
  const document = Buffer.from(encoded.replaceAll(/\s/g, ''), 'base64')
  const { kind } = recognise(document)
  if (kind !== 'pdf' && kind !== 'cms')
    throw new Error('the CDA holds something that is neither a PDF nor a .p7m')
  return document
}

/** What the sections say, a line each paragraph, item and row. Throws where nothing can be read. */
export function cdaText(xml: Uint8Array): string {
  let depth = 0
  let inTitle = false
  let out = ''
  let isCda = false
  for (const { kind, name, text } of tokens(decode(xml))) {
    if (name === 'ClinicalDocument') isCda = true
    if (name === 'text' && kind !== 'text') depth += kind === 'open' ? 1 : -1
    if (name === 'title' && kind !== 'text') inTitle = kind === 'open'
    if (kind === 'text' && (depth > 0 || inTitle)) out += text.replaceAll(/\s+/g, ' ')
    else if (LINES.has(name)) out += '\n'
    else if ((name === 'td' || name === 'th') && kind === 'close') out += '  '
  }
  if (!isCda) throw new Error('not a CDA')
  const lines = out.split('\n').map((line) => line.trim())
  const said = lines
    .filter((line, at) => line !== '' || (lines[at - 1] ?? '') !== '')
    .join('\n')
    .trim()
  if (said === '') throw new Error('the CDA says nothing')
  return said.slice(0, MAX_TEXT)
}

function decode(xml: Uint8Array): string {
  const head = Buffer.from(xml.subarray(0, 200)).toString('latin1')
  const named = /^[^<]*<\?xml[^>]*encoding\s*=\s*["']([\w-]+)["']/i.exec(head)?.[1] ?? 'utf-8'
  const text = new TextDecoder(named, { fatal: /^utf-?8$/i.test(named) }).decode(xml)
  // Entities of its own are a way to swell (and to read files); no CDA needs them.
  if (/<!DOCTYPE/i.test(text)) throw new Error('a CDA has no DOCTYPE')
  return text
}

// One pass, and every search goes on from where the last one ended: a stranger's document must not cost more than its
// length. What is cut or is no XML throws.
function* tokens(xml: string): Generator<Token> {
  for (let at = 0; at < xml.length; ) {
    const open = xml.indexOf('<', at)
    const text = xml.slice(at, open === -1 ? undefined : open)
    if (text !== '') yield textToken(withoutEntities(text))
    if (open === -1) return
    const aside = ASIDES.find(([start]) => xml.startsWith(start, open))
    if (aside) {
      const [start, end] = aside
      const until = found(xml, end, open + start.length)
      if (start === CDATA) yield textToken(xml.slice(open + start.length, until))
      at = until + end.length
    } else {
      const until = tagEnd(xml, open + 1)
      yield* tagTokens(xml.slice(open + 1, until))
      at = until + 1
    }
  }
}

const CDATA = '<![CDATA['
const ASIDES = [
  ['<!--', '-->'],
  [CDATA, ']]>'],
  ['<?', '?>'],
] as const

const textToken = (text: string): Token => ({ kind: 'text', name: '', text, attributes: '' })

function* tagTokens(tag: string): Generator<Token> {
  const isClosing = tag.startsWith('/')
  const [, name = ''] = /^([\w.:-]+)/.exec(isClosing ? tag.slice(1) : tag) ?? []
  const local = name.slice(name.lastIndexOf(':') + 1)
  if (local === '') throw new Error('not XML')
  const attributes = tag.slice(name.length + (isClosing ? 1 : 0))
  yield { kind: isClosing ? 'close' : 'open', name: local, text: '', attributes }
  if (tag.endsWith('/')) yield { kind: 'close', name: local, text: '', attributes: '' }
}

// A '>' within quotes belongs to the value, a '<' is allowed nowhere in a tag (XML 1.0 §2.4, §3.1).
function tagEnd(xml: string, from: number): number {
  let quote = ''
  for (let at = from; at < xml.length; at++) {
    const char = xml.charAt(at)
    if (char === '<') break
    if (quote === '' && char === '>') return at
    if (quote === '' && (char === '"' || char === "'")) quote = char
    else if (char === quote) quote = ''
  }
  throw new Error('not XML')
}

function found(xml: string, end: string, from: number): number {
  const at = xml.indexOf(end, from)
  if (at === -1) throw new Error('not XML')
  return at
}

const withoutEntities = (text: string) =>
  text.replaceAll(/&(#x?)?([\w]+);/g, (whole, number: string | undefined, name: string) => {
    if (number === undefined) return ENTITIES[name] ?? whole
    const code = Number.parseInt(name, number === '#x' ? 16 : 10)
    return code > 31 && code < 0x110000 ? String.fromCodePoint(code) : ' '
  })
