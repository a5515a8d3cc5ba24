import type { CodecName } from './syntax.ts'

/** A codec's glue, to be put before the worker's own source, and its WebAssembly. */
export interface LoadedCodec {
  readonly script: string
  readonly wasm: Uint8Array<ArrayBuffer>
}

/** Loads a codec by a classic script beside the viewer's own: file:// lets a page read nothing else. */
export function loadCodec(name: CodecName): Promise<LoadedCodec> {
  const known = loading.get(name) ?? load(name)
  loading.set(name, known)
  known.catch(() => loading.delete(name))
  return known
}

const loading = new Map<CodecName, Promise<LoadedCodec>>()
const BESIDE = document.currentScript instanceof HTMLScriptElement ? document.currentScript.src : ''

const waiting = new Map<string, (codec: LoadedCodec) => void>()

declare global {
  interface Window {
    /** Called by the scripts of the codecs (viewer/light-build.ts). */
    ritiroCodec?: (name: string, script: string, wasm: string) => void
  }
}

async function load(name: CodecName): Promise<LoadedCodec> {
  const script = document.createElement('script')
  script.src = BESIDE.replace(/[^/]*$/, `${name.toUpperCase()}.JS`)
  const handed = new Promise<LoadedCodec>((resolve, reject) => {
    window.ritiroCodec = (given, source, wasm) =>
      waiting.get(given)?.({ script: source, wasm: bytesOf(wasm) })
    waiting.set(name, resolve)
    script.onerror = () => reject(new Error(`${name.toUpperCase()}.JS`))
  })
  document.head.append(script)
  return await handed.finally(() => script.remove())
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const binary = atob(base64)
  const bytes = new Uint8Array(binary.length)
  for (let at = 0; at < binary.length; at++) bytes[at] = binary.charCodeAt(at)
  return bytes
}
