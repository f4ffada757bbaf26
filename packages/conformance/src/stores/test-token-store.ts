import type { TestRunner } from '../test-runner.js'
import { createBed } from './bench.js'
import { testCompareAndSet } from './compare-and-set.js'
import { testDurability } from './durability.js'
import { testKeys } from './keys.js'
import { testLeaseExpiry } from './lease-expiry.js'
import { testLeases } from './leases.js'
import { testList } from './list.js'
import { testProcesses } from './processes.js'
import { testRecords } from './records.js'
import type { TokenStoreSubject } from './subject.js'
import { testUnreachable } from './unreachable.js'

/**
 * Declares the tests that every token store passes. Refresh tokens can be used once: a store that
 * fails one of them sooner or later signs a user out.
 *
 * @param runner `{ describe, test }` of the test runner in use
 * @param subject the store, and what can be shown of it
 * @example
 * ```ts
 * import { MemoryTokenStore } from '@procore-auth/core'
 * import { testTokenStore } from '@procore-auth/conformance'
 * import { describe, test } from 'vitest'
 *
 * testTokenStore(
 *   { describe, test },
 *   {
 *     name: 'MemoryTokenStore',
 *     open: async () => ({ store: new MemoryTokenStore() }),
 *     shared: false,
 *     durable: false,
 *   },
 * )
 * ```
 */
export function testTokenStore(runner: TestRunner, subject: TokenStoreSubject): void {
  const bed = createBed(runner, subject)
  runner.describe(subject.name, () => {
    testRecords(bed)
    testKeys(bed)
    testCompareAndSet(bed)
    testLeases(bed)
    testLeaseExpiry(bed)
    testList(bed)
    if (subject.shared) testProcesses(bed)
    if (subject.durable) testDurability(bed)
    if (subject.openUnreachable) testUnreachable(bed, subject.openUnreachable)
  })
}
