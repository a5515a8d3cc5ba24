import type { Coding, FrameSize } from '../../../src/shards/coding.ts'
import type { Loaded } from './transport.ts'

/** What a worker is told. */
export type WorkerMessage =
  | { readonly keep: number; readonly strings: Loaded }
  | { readonly drop: number }
  | DecodeMessage

export type DecodeMessage = {
  readonly decode: number
  /** To see whether it can be: the answer is empty. */
  readonly only: boolean
  readonly job: number
  readonly coding: Coding
  readonly size: FrameSize
  /** Memory of the right length to decode into, given away. */
  readonly into?: ArrayBuffer
}

/** What it answers: samples, little endian, colours interleaved; or a JPEG stream. */
export type WorkerAnswer =
  | { readonly job: number; readonly bytes: ArrayBuffer }
  | { readonly job: number; readonly failed: string }
