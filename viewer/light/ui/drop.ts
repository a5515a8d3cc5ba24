import type { Found } from '../dicom/found.ts'

/** All files of what was dropped, folders walked through. */
export async function filesOfDrop({ items, files }: DataTransfer): Promise<Found[]> {
  const entries = [...items].map((item) => item.webkitGetAsEntry?.() ?? null)
  if (entries.every((entry) => entry === null)) return [...files].map((file) => ({ path: file.name, file }))
  const found: Found[] = []
  for (const entry of entries) if (entry) await walk(entry, entry.name, found)
  return found
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
