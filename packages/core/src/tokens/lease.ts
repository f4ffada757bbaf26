import type { Clock } from '../clock.js'
import { ProcoreAuthError } from '../errors.js'
import type { GrantStore } from './grant-store.js'

/** A holder gives its lease back in well under a second; this is for one that died. */
const LEASE_TTL_MS = 90_000
const FIRST_WAIT_MS = 20
const LONGEST_WAIT_MS = 500

/** What holding a lease needs. */
export interface LeaseConfig {
  readonly grants: GrantStore
  readonly clock: Clock
  readonly randomBytes: (size: number) => Buffer
}

/**
 * Runs `work` while this call alone holds the lease of a name. While another holds it, waits, and
 * asks `settled` now and then whether the wait is over because the other one did the work.
 *
 * @throws {ProcoreAuthError} `ERR_PROCORE_STORE_UNAVAILABLE` when the store cannot say who holds it;
 *   `ERR_PROCORE_REFRESH_FAILED` when the other holds it for longer than a lease lives
 */
export async function withLease<Result>(
  config: LeaseConfig,
  name: string,
  steps: {
    readonly work: () => Promise<Result>
    readonly settled: () => Promise<Result | undefined>
  },
): Promise<Result> {
  const owner = config.randomBytes(16).toString('hex')
  const deadline = config.clock.now() + LEASE_TTL_MS * 1.5
  let wait = FIRST_WAIT_MS
  while (!(await config.grants.acquireLease(name, owner, LEASE_TTL_MS))) {
    if (config.clock.now() >= deadline) {
      throw new ProcoreAuthError(
        'ERR_PROCORE_REFRESH_FAILED',
        'Another process has been working on this grant for too long: try again',
      )
    }
    await config.clock.sleep(wait)
    wait = Math.min(wait * 2, LONGEST_WAIT_MS)
    const result = await steps.settled()
    if (result !== undefined) return result
  }
  try {
    return await steps.work()
  } finally {
    // A lease that cannot be given back ends by itself; what was done under it stays done.
    await config.grants.releaseLease(name, owner).catch(() => undefined)
  }
}
