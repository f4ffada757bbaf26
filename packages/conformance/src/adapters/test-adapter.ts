import type { TestRunner } from '../test-runner.js'
import { createBed } from './bed.js'
import { testCallback } from './callback.js'
import { testClient } from './client.js'
import { testCoexistence } from './coexistence.js'
import { testGuard } from './guard.js'
import { testHostileHeaders } from './hostile.js'
import { testLookAhead } from './look-ahead.js'
import { testMounting } from './mounting.js'
import { testSignIn } from './sign-in.js'
import { testSignOut } from './sign-out.js'
import { testStoreErrors } from './store-errors.js'
import type { AdapterSubject } from './subject.js'
import { testTooLate } from './too-late.js'
import { testTwoProcores } from './two-procores.js'
import { testUsers } from './users.js'

/**
 * Declares the tests that the adapter of every framework passes, with real requests to an application
 * of its own and an offline Procore behind it.
 *
 * @param runner `{ describe, test }` of the test runner in use
 * @param subject how the application is written with the adapter
 * @example
 * ```ts
 * import { testAdapter } from '@procore-auth/conformance'
 * import { describe, test } from 'vitest'
 * import { startApp } from './support/app.js'
 *
 * testAdapter({ describe, test }, { name: 'My framework 2', start: (plan) => startApp(plan) })
 * ```
 */
export function testAdapter(runner: TestRunner, subject: AdapterSubject): void {
  const bed = createBed(runner, subject)
  runner.describe(subject.name, () => {
    testSignIn(bed)
    testCallback(bed)
    testLookAhead(bed)
    testGuard(bed)
    testClient(bed)
    testSignOut(bed)
    testTooLate(bed)
    testMounting(bed)
    testHostileHeaders(bed)
    testStoreErrors(bed)
    testCoexistence(bed)
    testUsers(bed)
    testTwoProcores(bed)
  })
}
