import type { Coding, FrameSize } from '../../../src/shards/coding.ts'

/** What a worker is told. Strings as the browser read them from a script, or bytes as they stand in the file. */
export type WorkerMessage =
  | { readonly keep: number; readonly strings: readonly (string | ArrayBuffer)[] }
  | { readonly decode: number; readonly job: number; readonly coding: Coding; readonly size: FrameSize }
  | { readonly inflate: readonly (string | ArrayBuffer)[]; readonly job: number }

/** What it answers: samples, little endian, colours interleaved; or a JPEG stream, or what was inflated. */
export type WorkerAnswer =
  | { readonly job: number; readonly bytes: ArrayBuffer }
  | { readonly job: number; readonly failed: string }
