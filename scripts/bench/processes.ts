import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'

/** Processor seconds that a process has used. */
export async function cpuSeconds(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? []
  // proc(5): user and system time, in hundredths of a second on every Linux of ours.
  return (Number(fields[11]) + Number(fields[12])) / 100
}

/** Memory in use now and the most since `forgetPeak`, in MiB. */
export async function memory(pid: number): Promise<{ now: number; peak: number }> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const of = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1024
  return { now: of('VmRSS'), peak: of('VmHWM') }
}

export const forgetPeak = (pid: number): Promise<void> => writeFile(`/proc/${pid}/clear_refs`, '5')

export type Transfer = { bytes: number; firstByteMs: number; seconds: number }

/** A download by curl into /dev/null, or where `-o` among `args` says: the same client for all that is compared. */
export async function curl(url: string, ...args: string[]): Promise<Transfer> {
  const written = await run('curl', [
    ...['-sS', '--fail', '-w', '%{size_download} %{time_starttransfer} %{time_total}'],
    ...(args.includes('-o') ? [] : ['-o', '/dev/null']),
    ...args,
    url,
  ])
  const [bytes = 0, first = 0, seconds = 0] = written.split(' ').map(Number)
  return { bytes, firstByteMs: first * 1000, seconds }
}

export function run(command: string, args: string[], cwd?: string): Promise<string> {
  return new Promise((done, failed) => {
    execFile(command, args, { maxBuffer: 64 * 2 ** 20, ...(cwd ? { cwd } : {}) }, (error, stdout, stderr) => {
      if (error) failed(new Error(`${command}: ${stderr.trim() || error.message}`))
      else done(stdout)
    })
  })
}

export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN
