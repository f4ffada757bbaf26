import type { TestRunner } from '@procore-auth/conformance'
import { describe, test } from 'vitest'

/** Runs the tests of the suite side by side: each works on keys of its own. */
export const runner: TestRunner = {
  describe: describe.concurrent,
  test: (name, body) => test(name, body, 30_000),
}
