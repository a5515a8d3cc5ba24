import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** The files that take longest, the longest first. A new one that takes ten seconds belongs here. */
const LONGEST = [
  'e2e/demo.test.ts',
  'viewer/ohif.test.ts',
  'viewer/online.test.ts',
  'chaos/chaos.test.ts',
  'ui/pages.test.tsx',
  'audit/export.test.ts',
  'authorisation/login.test.ts',
  'audit/verify.test.ts',
  'authorisation/altered.test.ts',
  'fuzz/fuzz.test.ts',
  'authorisation/matrix.test.ts',
  'dicomweb/gateway.test.ts',
  'mail/restart.test.ts',
  'database/cluster.test.ts',
  'scripts/orthanc.test.ts',
  'pacs/follow.test.ts',
  'gateway/start.test.ts',
  'chaos/archive.test.ts',
]

/** Long files begin first, so that at the end no worker waits for another. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files.toSorted((a, b) => rank(a) - rank(b))
  }
}

function rank({ moduleId }: TestSpecification): number {
  const place = LONGEST.findIndex((name) => moduleId.endsWith(`/test/${name}`))
  return place === -1 ? LONGEST.length : place
}
