import { defineConfig } from 'vitest/config'

export default defineConfig({
  oxc: { jsx: { runtime: 'automatic', importSource: 'hono/jsx' } },
  test: {
    globalSetup: 'test/support/global.ts',
    include: ['test/**/*.test.ts', 'test/**/*.test.tsx'],
    // For two cores: the tests start real servers and wait for them about a third of the time.
    maxWorkers: 3,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
