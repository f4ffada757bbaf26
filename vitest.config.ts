import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

const conditions = ['procore-auth-source']
// Nest's decorators of parameters exist in TypeScript's older kind alone.
const oxc = { decorator: { legacy: true } }
const source = { oxc, resolve: { conditions }, ssr: { resolve: { conditions } } }

const nest11 = {
  find: /^@nestjs\/([^/]+)/,
  replacement: `${import.meta.dirname}/test/nest-11/node_modules/@nestjs/$1`,
}

export default defineConfig({
  test: {
    // Tests with several processes mostly wait, so two run at a time on two cores, too.
    maxWorkers: Math.max(2, availableParallelism() - 1),
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
      {
        ...source,
        test: {
          name: 'whole',
          include: ['test/**/*.test.ts'],
          testTimeout: 60_000,
          maxConcurrency: 16,
        },
      },
      {
        ...source,
        resolve: { conditions, alias: [nest11] },
        test: {
          name: 'nest-11',
          include: ['packages/nestjs/test/**/*.test.ts', 'test/adapters/nest.test.ts'],
          env: { NEST_MAJOR: '11' },
          testTimeout: 60_000,
        },
      },
    ],
  },
})
