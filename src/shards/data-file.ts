import { deflateSync } from 'node:zlib'
import { stringsOf } from './encode.ts'
import { dataScript } from './script.ts'

/** Plain data as a data file: deflated JSON. */
export function jsonDataFile(name: string, data: unknown): Uint8Array {
  return dataScript(name, stringsOf(deflateSync(JSON.stringify(data))))
}
