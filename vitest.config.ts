import { defineConfig } from 'vitest/config'

export default defineConfig({
  oxc: { jsx: { runtime: 'automatic', importSource: 'hono/jsx' } },
  test: {
    globalSetup: 'test/support/global.ts',
    include: ['test/**/*.test.ts', 'test/**/*.test.tsx'],
    // Two cores: the tests start real servers (PostgreSQL, Orthanc, SMTP, Chromium) and would starve one another.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
