import { type Clock, systemClock } from '../clock.js'
import type { StoredRecord, TokenStore } from './store.js'

interface Lease {
  readonly owner: string
  readonly expiresAt: number
}

/** How many leases may pile up before the expired ones are swept out. */
const SWEEP_AT = 1_000

/**
 * Keeps grants in the memory of this process: for development, tests and scripts. A restart loses
 * them, and other processes do not see them.
 */
export class MemoryTokenStore implements TokenStore {
  readonly #records = new Map<string, StoredRecord>()
  readonly #leases = new Map<string, Lease>()
  readonly #clock: Clock
  #sweepAt = SWEEP_AT

  /** @param options `clock` measures leases; default the machine's */
  constructor(options: { readonly clock?: Clock } = {}) {
    this.#clock = options.clock ?? systemClock
  }

  async get(key: string): Promise<StoredRecord | undefined> {
    const record = this.#records.get(key)
    return record && { ...record }
  }

  async put(key: string, record: StoredRecord, replaces: string | undefined): Promise<boolean> {
    if (this.#records.get(key)?.generation !== replaces) return false
    this.#records.set(key, { generation: record.generation, value: record.value })
    return true
  }

  async delete(key: string, generation: string): Promise<boolean> {
    if (this.#records.get(key)?.generation !== generation) return false
    return this.#records.delete(key)
  }

  async acquireLease(name: string, owner: string, ttlMs: number): Promise<boolean> {
    const now = this.#clock.now()
    const held = this.#leases.get(name)
    if (held && held.owner !== owner && held.expiresAt > now) return false
    this.#leases.set(name, { owner, expiresAt: now + ttlMs })
    if (this.#leases.size > this.#sweepAt) this.#sweep(now)
    return true
  }

  async releaseLease(name: string, owner: string): Promise<void> {
    if (this.#leases.get(name)?.owner === owner) this.#leases.delete(name)
  }

  async *list(prefix: string): AsyncIterable<string> {
    for (const key of [...this.#records.keys()]) if (key.startsWith(prefix)) yield key
  }

  #sweep(now: number): void {
    for (const [name, lease] of this.#leases) if (lease.expiresAt <= now) this.#leases.delete(name)
    this.#sweepAt = Math.max(SWEEP_AT, this.#leases.size * 2)
  }
}
