import type { Found } from '../dicom/found.ts'

/** All files of what was dropped, folders walked through. */
export async function filesOfDrop({ items, files }: DataTransfer): Promise<Found[]> {
  // All are asked for at once: behind the first await the list is empty.
  const handles = [...items].map(handleOf)
  const entries = [...items].map((item) => item.webkitGetAsEntry?.() ?? null)
  const plain = [...files].map((file) => ({ path: file.name, file }))
  const found: Found[] = []
  // Chromium's entries cannot be read on file://, its handles can; other browsers have only entries.
  const known = (await Promise.all(handles)).filter((handle) => handle !== null)
  for (const handle of known) await walkHandle(handle, handle.name, found)
  if (known.length > 0) return found
  for (const entry of entries) if (entry) await walk(entry, entry.name, found)
  return found.length > 0 ? found : plain
}

// Not in every browser, and hence not in the types (File System Access, WICG).
function handleOf(item: DataTransferItem): Promise<FileSystemHandle | null> {
  const ask: unknown = Reflect.get(item, 'getAsFileSystemHandle')
  if (typeof ask !== 'function' || item.kind !== 'file') return Promise.resolve(null)
  const asked = ask.call(item) as Promise<FileSystemHandle | null>
  return asked.catch(() => null)
}

async function walkHandle(handle: FileSystemHandle, path: string, found: Found[]): Promise<void> {
  if (isFileHandle(handle)) {
    const file = await handle.getFile().catch(() => null)
    if (file) found.push({ path, file })
    return
  }
  if (!isDirectoryHandle(handle)) return
  for await (const one of handle.values()) await walkHandle(one, `${path}/${one.name}`, found)
}

async function walk(entry: FileSystemEntry, path: string, found: Found[]): Promise<void> {
  if (isFile(entry)) {
    const file = await new Promise<File | null>((resolve) => entry.file(resolve, () => resolve(null)))
    if (file) found.push({ path, file })
    return
  }
  if (!isDirectory(entry)) return
  const reader = entry.createReader()
  for (;;) {
    // A directory comes in pieces of at most a hundred.
    const some = await new Promise<FileSystemEntry[]>((resolve) =>
      reader.readEntries(resolve, () => resolve([])),
    )
    if (some.length === 0) return
    for (const one of some) await walk(one, `${path}/${one.name}`, found)
  }
}

const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile
const isDirectory = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory
const isFileHandle = (handle: FileSystemHandle): handle is FileSystemFileHandle => handle.kind === 'file'
const isDirectoryHandle = (handle: FileSystemHandle): handle is FileSystemDirectoryHandle =>
  handle.kind === 'directory'
