import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { type Codec, type CodecFactory, startCodec } from '../../viewer/light/decode/codec.ts'
import type { CodecName } from '../../viewer/light/decode/syntax.ts'
import { CODEC_FILES } from '../../viewer/light-build.ts'

const require = createRequire(import.meta.url)
const started = new Map<CodecName, Promise<Codec>>()

/** The codec as the viewer's worker starts it, in Node. */
export function codecFor(name: CodecName): Promise<Codec> {
  const codec = started.get(name) ?? start(name)
  started.set(name, codec)
  return codec
}

async function start(name: CodecName): Promise<Codec> {
  const { script, wasm } = CODEC_FILES[name]
  const factory = require(script) as CodecFactory
  return startCodec(name, factory, Uint8Array.from(await readFile(join(dirname(script), wasm))))
}
