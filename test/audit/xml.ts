import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const SCHEMA = fileURLToPath(new URL('audit-message.rng', import.meta.url))

/** What libxml2 says of the messages: nothing if each is well-formed and as PS3.15 §A.5.1 has it. */
export async function complaintsOf(messages: string[]): Promise<string[]> {
  const directory = await mkdtemp(join(tmpdir(), 'ritiro-xml-'))
  try {
    const files = await Promise.all(
      messages.map(async (message, i) => {
        const file = join(directory, `${i}.xml`)
        await writeFile(file, message)
        return file
      }),
    )
    await promisify(execFile)('xmllint', ['--noout', '--nonet', '--relaxng', SCHEMA, ...files])
    return []
  } catch (error) {
    const { stderr } = error as { stderr?: string }
    return (stderr ?? String(error)).split('\n').filter((line) => line !== '' && !line.endsWith(' validates'))
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

export type Node = { name: string; attributes: Record<string, string>; children: Node[]; text: string }

/** Reads what xmllint has found well-formed: elements, attributes and text, no more. */
export function parseXml(xml: string): Node {
  const root: Node = { name: '', attributes: {}, children: [], text: '' }
  const open = [root]
  for (const [, closing, name = '', attributes = '', empty, text = ''] of xml.matchAll(
    /<(\/?)([A-Za-z]+)((?:\s+[\w-]+="[^"]*")*)\s*(\/?)>|([^<]+)/g,
  )) {
    const current = open.at(-1) ?? root
    if (name === '') current.text += unescapeXml(text)
    else if (closing) open.pop()
    else {
      const node: Node = { name, attributes: attributesOf(attributes), children: [], text: '' }
      current.children.push(node)
      if (!empty) open.push(node)
    }
  }
  const [message] = root.children
  if (!message || open.length !== 1) throw new Error('not well-formed')
  return message
}

/** The children of that name. */
export function all(node: Node | undefined, name: string): Node[] {
  return node?.children.filter((child) => child.name === name) ?? []
}

/** The values of the `ParticipantObjectDetail`s of a message's row of the trail. */
export function trailDetails(message: Node): Record<string, string> {
  const trail = all(message, 'ParticipantObjectIdentification').find(
    (object) => all(object, 'ParticipantObjectName')[0]?.text === 'Security Audit Log',
  )
  return Object.fromEntries(
    all(trail, 'ParticipantObjectDetail').map(({ attributes }) => [
      attributes.type,
      Buffer.from(attributes.value ?? '', 'base64').toString('utf8'),
    ]),
  )
}

function attributesOf(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, unescapeXml(value)]),
  )
}

const CHARACTERS: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
const unescapeXml = (text: string) =>
  text.replace(/&(\w+);/g, (whole, name: string) => CHARACTERS[name] ?? whole)
