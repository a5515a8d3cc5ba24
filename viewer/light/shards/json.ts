import { fromSymbols } from '../../../src/shards/symbols.ts'
import { bytesOfString, type Loaded } from './transport.ts'

/** What a data file of plain data says: inflated by the browser, beside the page. */
export async function jsonOf<T>(strings: Loaded): Promise<T> {
  const parts = strings.map((string) => {
    const symbols = bytesOfString(string)
    const bytes = new Uint8Array(symbols.byteLength)
    return bytes.subarray(0, fromSymbols(symbols, bytes, 0))
  })
  const inflated = new Blob(parts).stream().pipeThrough(new DecompressionStream('deflate'))
  return JSON.parse(await new Response(inflated).text())
}
