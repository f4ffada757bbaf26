import { defineConfig } from 'vitest/config'

const conditions = ['procore-auth-source']
const source = { resolve: { conditions }, ssr: { resolve: { conditions } } }

export default defineConfig({
  test: {
    coverage: {
      include: ['packages/*/src/**'],
      thresholds: {
        'packages/core/src/oauth/**': { lines: 100 },
        'packages/core/src/state/**': { lines: 100 },
        'packages/core/src/tokens/**': { lines: 100 },
      },
    },
    projects: [
      { ...source, test: { name: 'unit', include: ['packages/*/test/**/*.test.ts'] } },
      { ...source, test: { name: 'whole', include: ['test/**/*.test.ts'], testTimeout: 60_000 } },
    ],
  },
})
