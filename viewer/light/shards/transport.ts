import { DATA_VERSION, type DataFile } from '../../../src/shards/format.ts'
import { DATA_BEGINS, DATA_ENDS, LINE_END, stringRanges } from '../../../src/shards/script.ts'

/** Strings of a data file, as they stand in it: as bytes, or as text whose characters are bytes. */
export type Loaded = readonly (ArrayBuffer | string)[]

/** How data files reach the page. */
export interface Transport {
  /** Can it bring some strings of a file alone, or are files loaded whole? */
  readonly partial: boolean
  /** How many loads at a time are of use. */
  readonly atOnce: number
  /** The strings `from` to `to` (exclusive) of a file. Rejects where it cannot be had, or is none. */
  load(file: DataFile, from: number, to: number): Promise<Loaded>
  /** All strings of a file of which nothing is known yet. */
  loadWhole(name: string): Promise<Loaded>
}

/**
 * From a folder or a disc: classic scripts, which hand their data to `ritiro()`, the one way that every browser leaves
 * open on file://.
 */
export function scriptTransport(base: string): Transport {
  const loadWhole = (name: string) =>
    new Promise<Loaded>((done, failed) => {
      const script = document.createElement('script')
      script.charset = 'windows-1252'
      script.src = `${base}${name}.JS`
      const end = (strings: Loaded | undefined) => {
        script.remove()
        handedOver.delete(script)
        if (strings) done(strings)
        else failed(new Error(`${name}.JS`))
      }
      script.onerror = () => end(undefined)
      // A script that is cut off or altered calls nobody: then it has loaded, and brought nothing.
      script.onload = () => end(handedOver.get(script))
      document.head.append(script)
    })
  window.ritiro = (version, _name, data) => {
    const script = document.currentScript
    if (version === DATA_VERSION && script instanceof HTMLScriptElement)
      handedOver.set(script, stringsOfText(String(data)))
  }
  return {
    partial: false,
    atOnce: 2,
    loadWhole,
    load: async ({ name }, from, to) => (await loadWhole(name)).slice(from, to),
  }
}

declare global {
  interface Window {
    /** Called by data scripts. */
    ritiro: (version: number, name: string, data: () => void) => void
  }
}

const handedOver = new Map<HTMLScriptElement, Loaded>()

/** From the portal: the same files as bytes, some strings of them alone where those are in haste. */
export function fetchTransport(base: string): Transport {
  return {
    partial: true,
    atOnce: 4,
    async load(file, from, to) {
      const ranges = stringRanges(file.name, file.lengths).slice(from, to)
      const first = ranges[0]?.start ?? 0
      const last = ranges.at(-1)?.end ?? 0
      const bytes = await bytesOf(`${base}${file.name}.JS`, { range: `bytes=${first}-${last - 1}` }, 206)
      if (bytes.byteLength !== last - first) throw new Error(`${file.name}.JS`)
      return ranges.map(({ start, end }) => bytes.slice(start - first, end - first))
    },
    loadWhole: async (name) => stringsOfBytes(await bytesOf(`${base}${name}.JS`, {}, 200)),
  }
}

async function bytesOf(url: string, headers: Record<string, string>, wanted: number): Promise<ArrayBuffer> {
  const response = await fetch(url, { headers, credentials: 'same-origin', redirect: 'error' })
  // The session has ended, or the exam is online no more: the portal says it better than a broken image (S12).
  if (response.status === 401 || response.status === 404) location.reload()
  if (response.status !== wanted) throw new Error(`HTTP ${response.status}`)
  return response.arrayBuffer()
}

/** The strings of a data script, from the source of the function that it hands over: parts of that text, not copies. */
export const stringsOfText = (source: string): string[] =>
  source.slice(source.indexOf(DATA_BEGINS) + DATA_BEGINS.length, source.lastIndexOf(DATA_ENDS)).split('\n')

/** The same from the bytes of the file. */
export function stringsOfBytes(file: ArrayBuffer): ArrayBuffer[] {
  const bytes = new Uint8Array(file)
  const end = bytes.lastIndexOf(STAR)
  const strings: ArrayBuffer[] = []
  for (let from = bytes.indexOf(STAR) + 1; from > 0 && from <= end; ) {
    const found = bytes.indexOf(LINE_END, from)
    const to = found < 0 || found > end ? end : found
    strings.push(file.slice(from, to))
    from = to + 1
  }
  return strings
}

const STAR = 0x2a

/** A string of a data file as bytes. */
export function bytesOfString(string: ArrayBuffer | string): Uint8Array<ArrayBuffer> {
  if (typeof string !== 'string') return new Uint8Array(string)
  const bytes = new Uint8Array(string.length)
  for (let at = 0; at < bytes.length; at++) bytes[at] = string.charCodeAt(at)
  return bytes
}
