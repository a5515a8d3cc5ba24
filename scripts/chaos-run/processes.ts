import { readdir, readFile } from 'node:fs/promises'

/** Processes that still work in `directory`, or that one pid: what an orderly end should have left none of. */
export async function livingWith(directory: string, pid: number): Promise<string[]> {
  const found: string[] = []
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue
    const command = (await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' ')
    if (command.includes(directory) || (Number(name) === pid && command.includes('Orthanc')))
      found.push(`${name}: ${command.slice(0, 120)}`)
  }
  return found
}
