/**
 * Memory for instances on their way, used again and again. Without it a download leaves its own length in garbage, and
 * collecting that costs as much time as sending it.
 */
export type Buffers = {
  /** Bytes of this length, whatever is in them: to be filled before anybody sees them. */
  readonly take: Allocate
  /** Of a view of what was taken: nobody may hold it any more. What was not taken here is left alone. */
  readonly giveBack: (view: Uint8Array) => void
}

/** Gives memory of this length to be written into. */
export type Allocate = (length: number) => Uint8Array

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
