import { type Clock, systemClock } from '../clock.js'
import { ProcoreAuthError } from '../errors.js'
import type { TokenStore } from './store.js'

/** How long a lease outlives a holder that died. */
export const LEASE_TTL_MS = 15_000
const RENEW_EVERY_MS = 5_000
const FIRST_WAIT_MS = 20
const LONGEST_WAIT_MS = 500
/** Longer than any work under a lease: two requests that time out, and patient writes. */
const LONGEST_QUEUE_MS = 180_000

/** Where leases are kept. */
export type LeaseStore = Pick<TokenStore, 'acquireLease' | 'releaseLease'>

/** What holding a lease needs. */
export interface LeaseConfig {
  readonly leases: LeaseStore
  readonly clock: Clock
  readonly randomBytes: (size: number) => Buffer
}

/** A lease that was acquired. */
export interface Lease {
  /** Whether it is sure that nobody else can have had it since. Once false, it stays false. */
  isHeld(): boolean
}

/** What is done with a lease. */
export interface LeasedWork<Result> {
  readonly work: (lease: Lease) => Promise<Result>
  /** Asked while another holds the lease: whether that one did the work. */
  readonly settled: () => Promise<Result | undefined>
}

/**
 * Runs `work` while this call alone holds the lease of a name, and renews it meanwhile.
 *
 * @throws {ProcoreAuthError} `ERR_PROCORE_STORE_UNAVAILABLE` when the store cannot say who holds it;
 *   `ERR_PROCORE_REFRESH_FAILED` when others hold it for minutes
 */
export async function withLease<Result>(
  config: LeaseConfig,
  name: string,
  { work, settled }: LeasedWork<Result>,
): Promise<Result> {
  const { clock, leases } = config
  const owner = config.randomBytes(16).toString('hex')
  const deadline = clock.now() + LONGEST_QUEUE_MS
  let wait = FIRST_WAIT_MS
  for (;;) {
    const askedAt = clock.now()
    if (await leases.acquireLease(name, owner, LEASE_TTL_MS)) {
      return hold(config, { name, owner, until: askedAt + LEASE_TTL_MS }, work)
    }
    if (askedAt >= deadline) throw queueTooLong()
    await clock.sleep(wait)
    wait = Math.min(wait * 2, LONGEST_WAIT_MS)
    const result = await settled()
    if (result !== undefined) return result
  }
}

async function hold<Result>(
  config: LeaseConfig,
  held: { readonly name: string; readonly owner: string; readonly until: number },
  work: (lease: Lease) => Promise<Result>,
): Promise<Result> {
  const renewal = new Renewal(config, held)
  try {
    return await work(renewal)
  } finally {
    await renewal.stop()
    // A lease that cannot be given back ends by itself; what was done under it stays done.
    await config.leases.releaseLease(held.name, held.owner).catch(() => undefined)
  }
}

/** Renews a lease until it is stopped, and knows whether it ever lapsed. */
class Renewal implements Lease {
  readonly #config: LeaseConfig
  readonly #name: string
  readonly #owner: string
  #until: number
  readonly #stopping = new AbortController()
  #asking: Promise<void> = Promise.resolve()

  constructor(
    config: LeaseConfig,
    held: { readonly name: string; readonly owner: string; readonly until: number },
  ) {
    this.#config = config
    this.#name = held.name
    this.#owner = held.owner
    this.#until = held.until
    void this.#run()
  }

  isHeld(): boolean {
    // A process that was suspended finds the time gone by, before it can do anything else.
    if (this.#config.clock.now() >= this.#until) this.#until = Number.NEGATIVE_INFINITY
    return this.#until !== Number.NEGATIVE_INFINITY
  }

  /** Waits for a renewal that is under way: arriving after the release, it would lock others out. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#asking
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    for (;;) {
      const { clock } = this.#config
      await (clock.pause?.(RENEW_EVERY_MS, signal) ?? systemClock.pause(RENEW_EVERY_MS, signal))
      if (signal.aborted || !this.isHeld()) return
      this.#asking = this.#renew()
      await this.#asking
    }
  }

  async #renew(): Promise<void> {
    const askedAt = this.#config.clock.now()
    try {
      const renewed = await this.#config.leases.acquireLease(this.#name, this.#owner, LEASE_TTL_MS)
      // `isHeld` first: a lease that lapsed while the question was on its way may have been another's.
      if (this.isHeld()) this.#until = renewed ? askedAt + LEASE_TTL_MS : Number.NEGATIVE_INFINITY
    } catch {
      // The store does not answer; the lease counts until its time is over, and the next turn asks again.
    }
  }
}

function queueTooLong(): ProcoreAuthError {
  return new ProcoreAuthError(
    'ERR_PROCORE_REFRESH_FAILED',
    'Others have been working on this grant for minutes: try again',
  )
}
