import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Where an image's files are read without being extracted, or why that cannot be had on this machine. */
export type Mounted = { readonly at: string; unmount(): Promise<unknown> } | { readonly refused: string }

/**
 * Mounts an ISO image as a desktop does: by the kernel and a loop device, else by FUSE. The first wants root and a kernel
 * that knows ISO 9660, the second /dev/fuse; containers often have neither.
 */
export async function mountIso(image: string, at: string): Promise<Mounted> {
  await mkdir(at)
  const refusals: string[] = []
  for (const [command, args, unmount] of [
    ['mount', ['-o', 'loop,ro', '-t', 'iso9660', image, at], ['umount', at]],
    ['fuseiso', [image, at], ['fusermount', '-u', at]],
  ] as const) {
    const [undo, ...undoArgs] = unmount
    try {
      await run(command, args)
      return { at, unmount: () => run(undo, undoArgs) }
    } catch (error) {
      const { stderr = '', message } = error as Error & { stderr?: string }
      refusals.push(`${command}: ${(stderr || message).trim().split('\n')[0]}`)
    }
  }
  return { refused: refusals.join('; ') }
}
