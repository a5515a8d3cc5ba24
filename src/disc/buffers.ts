import type { ServerResponse } from 'node:http'

/**
 * Memory for instances on their way, used again and again. Without it a download leaves its own length in garbage, and
 * collecting that costs as much time as sending it.
 */
export type Buffers = {
  /** Bytes of this length, whatever is in them: to be filled before anybody sees them. */
  readonly take: (length: number) => Uint8Array
  /** Of a view of what was taken: nobody may hold it any more. What was not taken here is left alone. */
  readonly giveBack: (view: Uint8Array) => void
}

/** Lengths are rounded up to this, so that instances of nearly the same length fit each other's place. */
const STEP = 2 ** 16

/** Keeps no more than `limit` bytes that nobody uses. */
export function createBuffers(limit: number): Buffers {
  const free: ArrayBufferLike[] = []
  const lent = new WeakSet<ArrayBufferLike>()
  let kept = 0

  return {
    take(length) {
      const needed = Math.ceil(length / STEP) * STEP
      const at = free.findIndex(({ byteLength }) => byteLength >= needed && byteLength <= 2 * needed)
      const [found] = at < 0 ? [] : free.splice(at, 1)
      if (found) kept -= found.byteLength
      const memory = found ?? Buffer.allocUnsafeSlow(needed).buffer
      lent.add(memory)
      return Buffer.from(memory, 0, length)
    },
    giveBack({ buffer }) {
      if (!lent.delete(buffer) || kept + buffer.byteLength > limit) return
      kept += buffer.byteLength
      free.push(buffer)
    },
  }
}

/** What of a response's body has left for the network. */
export type Departure = {
  readonly give: (bytes: number) => void
  /** All that was given is with the kernel: nothing here reads it any more. */
  readonly isOver: () => boolean
}

/** Null where that cannot be known: a response without a socket of its own, as in tests and pipelined requests. */
export function departureOf(outgoing: ServerResponse | undefined): Departure | null {
  const socket = outgoing?.socket
  if (!outgoing || !socket) return null
  const before = socket.bytesWritten
  let given = 0
  return {
    give(bytes) {
      given += bytes
    },
    // Headers and the texts between several ranges, a few hundred bytes, are written but not given: so it holds of large
    // pieces alone, and right after they were given.
    isOver: () =>
      outgoing.socket === socket && outgoing.writableLength === 0 && socket.bytesWritten - before >= given,
  }
}

/** Pieces from this length on are worth being used again, and larger than all that is written but not given. */
export const WORTH_KEEPING = STEP
