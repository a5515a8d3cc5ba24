import { recognise } from '../signature/recognise.ts'

/**
 * CDA Release 2, as far as it is shown: the document inside a nonXMLBody, or the narrative of the sections as plain text.
 * No markup, style or address of the CDA reaches a page.
 */
type Token = { kind: 'open' | 'close' | 'text'; name: string; text: string; attributes: string }

const MAX_TEXT = 200_000
const TOKEN =
  /<!--[\s\S]*?-->|<!\[CDATA\[([\s\S]*?)\]\]>|<\?[\s\S]*?\?>|<(\/?)([\w.:-]+)([^>]*?)(\/?)>|([^<]+)/g
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

function* tokens(xml: string): Generator<Token> {
  for (const [, data, slash, name, attributes = '', selfClosing, text] of xml.matchAll(TOKEN)) {
    if (data !== undefined) yield { kind: 'text', name: '', text: data, attributes: '' }
    else if (text !== undefined) yield { kind: 'text', name: '', text: withoutEntities(text), attributes: '' }
    else if (name !== undefined) {
      const local = name.split(':').at(-1) ?? name
      yield { kind: slash ? 'close' : 'open', name: local, text: '', attributes }
      if (selfClosing) yield { kind: 'close', name: local, text: '', attributes: '' }
    }
  }
}

const withoutEntities = (text: string) =>
  text.replaceAll(/&(#x?)?([\w]+);/g, (whole, number: string | undefined, name: string) => {
    if (number === undefined) return ENTITIES[name] ?? whole
    const code = Number.parseInt(name, number === '#x' ? 16 : 10)
    return code > 31 && code < 0x110000 ? String.fromCodePoint(code) : ' '
  })
