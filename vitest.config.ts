import { defineConfig } from 'vitest/config'
import { LongestFirst } from './test/support/longest-first.ts'

export default defineConfig({
  oxc: { jsx: { runtime: 'automatic', importSource: 'hono/jsx' } },
  test: {
    globalSetup: 'test/support/global.ts',
    include: ['test/**/*.test.ts', 'test/**/*.test.tsx'],
    // For two cores: the tests start real servers and wait for them about a third of the time.
    maxWorkers: 4,
    // Nothing in src or test keeps state in a module, so files may share what is loaded: a fifth less work in all.
    isolate: false,
    sequence: { sequencer: LongestFirst },
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
