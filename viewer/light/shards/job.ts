import type { Coding, FrameSize } from '../../../src/shards/coding.ts'

/** What a worker is told. */
export type WorkerMessage =
  | { readonly keep: number; readonly strings: readonly ArrayBuffer[] }
  | {
      readonly decode: number
      readonly forget: boolean
      readonly job: number
      readonly coding: Coding
      readonly size: FrameSize
    }
  | { readonly inflate: readonly ArrayBuffer[]; readonly job: number }

/** What it answers: samples, little endian, colours interleaved; or a JPEG stream, or what was inflated. */
export type WorkerAnswer =
  | { readonly job: number; readonly bytes: ArrayBuffer }
  | { readonly job: number; readonly failed: string }
