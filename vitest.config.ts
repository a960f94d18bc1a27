import { defineConfig } from 'vitest/config'

export default defineConfig({
  // As Node itself resolves it. Vite would take the other of graphql's two builds, and they refuse each other's schemas.
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    maxWorkers: 2,
    // Each of the two processes loads the program once. What a test file changes for its process it puts back.
    isolate: false,
    testTimeout: 40_000,
    hookTimeout: 60_000,
  },
})
