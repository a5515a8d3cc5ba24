import { execFileSync } from 'node:child_process'

const USAGE = `usage: npm run bench -- WHAT [options]
  disc      downloads of a whole study, beside Orthanc's archives, xorriso and the bare fetch of its files
            --slices N  of a synthetic CT (default 1000, about 520 MB)
  viewer    the light viewer from a disc's folder and on a slow line, beside OHIF
            --slices N  of the same CT (default 500)
  viewer-online  OHIF through the gateway, beside OHIF as shipped on Orthanc behind a plain proxy: on this machine, 4G and ADSL
            --slices N (default 500), --lines none,4g,adsl, --rounds N of looks at the first image (default 3),
            --only first,series,frames  (all: half an hour, most of it 265 MB on slow lines)`

/** Each measures real processes on this machine and prints one table; loaded only when asked for. */
const BENCHES: Record<string, () => Promise<{ run: (args: string[]) => Promise<void> }>> = {
  disc: () => import('./bench/disc.ts'),
  viewer: () => import('./bench/viewer.ts'),
  'viewer-online': () => import('./bench/viewer-online.ts'),
}

const [what = '', ...args] = process.argv.slice(2)
const bench = BENCHES[what]
if (bench && !args.includes('--help')) {
  // What is measured is what runs in production.
  execFileSync(process.execPath, ['scripts/build.ts'], { stdio: 'inherit' })
  await (await bench()).run(args)
} else {
  console.log(USAGE)
  process.exitCode = bench ? 0 : 2
}
