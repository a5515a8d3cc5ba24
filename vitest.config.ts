import { defineConfig } from 'vitest/config'
import { LongestFirst } from './test/support/longest-first.ts'

export default defineConfig({
  oxc: { jsx: { runtime: 'automatic', importSource: 'hono/jsx' } },
  test: {
    globalSetup: 'test/support/global.ts',
    include: ['test/**/*.test.ts', 'test/**/*.test.tsx'],
    // The tests wait for real servers: four workers keep two cores 93 % busy, so a fifth would bring nothing.
    maxWorkers: 4,
    // Real servers and browsers on a shared machine: a condition is waited for, and where CI judges, a test that failed
    // once is asked again, and vitest says so.
    expect: { poll: { timeout: 20_000 } },
    retry: process.env.CI ? 1 : 0,
    // Nothing in src or test keeps state in a module, so files may share what is loaded: a fifth less work in all.
    isolate: false,
    sequence: { sequencer: LongestFirst },
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
