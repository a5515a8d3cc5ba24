import { DATA_VERSION, type DataFile } from '../../../src/shards/format.ts'
import { stringRanges } from '../../../src/shards/script.ts'
import { bytesOfString, stringsIn, unescapeBytes } from './unescape.ts'

/** The bytes of the strings of a data file. */
export type Loaded = readonly ArrayBuffer[]

/** How data files reach the page. */
export interface Transport {
  /** Can it bring some strings of a file alone, or are files loaded whole? */
  readonly partial: boolean
  /** Is a frame that was let go cheaply loaded again? Then it is not kept as loaded, besides as decoded. */
  readonly cheap: boolean
  /** How many loads at a time are of use. */
  readonly atOnce: number
  /** The strings `from` to `to` (exclusive) of a file. Rejects where it cannot be had, or is none. */
  load(file: DataFile, from: number, to: number): Promise<Loaded>
  /** All strings of a file of which nothing is known yet. */
  loadWhole(name: string): Promise<Loaded>
}

/**
 * From a folder or a disc: classic scripts, which hand their strings to `ritiro()`, the one way that every browser
 * leaves open on file://.
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
  window.ritiro = (version, _name, strings) => {
    const script = document.currentScript
    if (version === DATA_VERSION && script instanceof HTMLScriptElement)
      handedOver.set(
        script,
        // Here and at once: sent on as strings they would lie in memory twice more, in two bytes a character.
        strings.map((string) => bytesOfString(string).buffer),
      )
  }
  return {
    partial: false,
    cheap: true,
    atOnce: 2,
    loadWhole,
    load: async ({ name }, from, to) => (await loadWhole(name)).slice(from, to),
  }
}

declare global {
  interface Window {
    /** Called by data scripts. */
    ritiro: (version: number, name: string, strings: readonly string[]) => void
  }
}

const handedOver = new Map<HTMLScriptElement, Loaded>()

/** From the portal: the same files as bytes, some strings of them alone where those are in haste. */
export function fetchTransport(base: string): Transport {
  return {
    partial: true,
    cheap: false,
    atOnce: 4,
    async load(file, from, to) {
      const ranges = stringRanges(file.name, file.lengths).slice(from, to)
      const first = ranges[0]?.start ?? 0
      const last = ranges.at(-1)?.end ?? 0
      const bytes = await bytesOf(`${base}${file.name}.JS`, { range: `bytes=${first}-${last - 1}` }, 206)
      if (bytes.byteLength !== last - first) throw new Error(`${file.name}.JS`)
      const whole = new Uint8Array(bytes)
      return ranges.map(({ start, end }) => unescapeBytes(whole.subarray(start - first, end - first)).buffer)
    },
    async loadWhole(name) {
      const strings = stringsIn(new Uint8Array(await bytesOf(`${base}${name}.JS`, {}, 200)))
      return strings.map((string) => unescapeBytes(new Uint8Array(string)).buffer)
    },
  }
}

async function bytesOf(url: string, headers: Record<string, string>, wanted: number): Promise<ArrayBuffer> {
  const response = await fetch(url, { headers, credentials: 'same-origin', redirect: 'error' })
  // The session has ended, or the exam is online no more: the portal says it better than a broken image (S12).
  if (response.status === 401 || response.status === 404) location.reload()
  if (response.status !== wanted) throw new Error(`HTTP ${response.status}`)
  return response.arrayBuffer()
}
