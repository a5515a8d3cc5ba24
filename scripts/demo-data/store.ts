import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

export type StoreOptions = {
  host: string
  port: number
  aet: string
  /** DICOM files of any name and transfer syntax, or a directory of them, searched to its depth. */
  files: string[] | { directory: string }
}

export type StoreResult = {
  /** Files tried. */
  offered: number
  /** Objects the archive answered Success (or Success with a warning) to. */
  accepted: number
  /** Files that are no DICOM, or that were refused, each with the reason. */
  problems: { file: string; reason: string }[]
}

// Command lines have a length limit (2 MiB in all on Linux).
const FILES_PER_CALL = 2000

/**
 * Sends by real C-STORE with dcmtk's dcmsend: each object in the transfer syntax it has (uncompressed ones may
 * change their byte order on the way), so no pixel is lost, and one bad file does not stop the rest. Throws
 * when the archive cannot be reached or refuses the association.
 */
export async function storeFiles({ host, port, aet, files }: StoreOptions): Promise<StoreResult> {
  const found = Array.isArray(files) ? files.map((file) => resolve(file)) : await filesBelow(files.directory)
  const result: StoreResult = { offered: found.length, accepted: 0, problems: [] }
  for (let start = 0; start < found.length; start += FILES_PER_CALL) {
    const part = found.slice(start, start + FILES_PER_CALL)
    const answers = await dcmsend({ host, port, aet }, part)
    for (const file of part) {
      const status = answers.get(file) ?? 'not a DICOM file'
      if (/^0x(0000|b)/i.test(status)) result.accepted++
      else result.problems.push({ file, reason: status })
    }
  }
  return result
}

/** Every plain file below a directory, in a stable order; hidden ones and links are left out. */
export async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map((entry) => resolve(entry.parentPath, entry.name))
    .toSorted()
}

// dcmsend's exit code says little; its report names the answer to every file it took for DICOM.
async function dcmsend(peer: { host: string; port: number; aet: string }, files: string[]) {
  const folder = await mkdtemp(join(tmpdir(), 'ritiro-send-'))
  try {
    const report = join(folder, 'report.txt')
    const said = await run('dcmsend', [
      ...['--decompress-never', '--no-halt', '--no-uid-checks', '--read-file'],
      ...['--timeout', '15', '--max-pdu', '131072', '--call', peer.aet],
      ...['--create-report-file', report, peer.host, String(peer.port), ...files],
    ])
    const text = await readFile(report, 'utf8').catch(() => undefined)
    if (text !== undefined) return parseReport(text)
    if (/no valid input files|There are no/i.test(said)) return new Map<string, string>()
    throw new Error(`C-STORE to ${peer.aet}@${peer.host}:${peer.port} failed: ${reasons(said)}`)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function parseReport(report: string): Map<string, string> {
  const answers = new Map<string, string>()
  let file = ''
  for (const line of report.split('\n')) {
    const [, name, value = ''] = /^(Filename|DIMSE Status) +: (.*)$/.exec(line) ?? []
    if (name === 'Filename') file = value
    if (name === 'DIMSE Status') answers.set(file, value)
  }
  return answers
}

const reasons = (said: string) =>
  said
    .split('\n')
    .filter((line) => /^[EF]: /.test(line))
    .map((line) => line.slice(3))
    .join(' ')

/** Runs a tool of Debian's dcmtk and gives what it wrote to both of its outputs. */
export function run(command: string, args: string[]): Promise<string> {
  // Nagle's algorithm, on either end, costs some 40 ms an image.
  const env = { ...process.env, TCP_NODELAY: '1' }
  return new Promise((done, fail) => {
    execFile(command, args, { env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      if ((error as NodeJS.ErrnoException | null)?.code === 'ENOENT') {
        fail(new Error(`${command} is not installed: apt-get install dcmtk (Debian package)`))
      } else done(`${stdout}${stderr}`)
    })
  })
}
