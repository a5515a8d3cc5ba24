import { defineConfig } from 'vitest/config'

export default defineConfig({
  oxc: { jsx: { runtime: 'automatic', importSource: 'hono/jsx' } },
  test: {
    globalSetup: 'test/support/global.ts',
    include: ['test/**/*.test.ts', 'test/**/*.test.tsx'],
    // For two cores: the tests start real servers and wait for them about a third of the time.
    maxWorkers: 3,
    // Real servers on a shared machine: where CI judges, a test that failed once is asked again, and vitest says so.
    retry: process.env.CI ? 1 : 0,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
