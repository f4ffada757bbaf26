import type { StoredRecord, TokenStore } from '@procore-auth/core'

/** A lease as it is kept. */
export interface KeptLease {
  readonly owner: string
  readonly expiresAt: number
}

/** A store without a fault, open for others to put one in. */
export class SoundStore implements TokenStore {
  /** Epoch milliseconds. */
  now = 1_000_000
  readonly records = new Map<string, StoredRecord>()
  readonly leases = new Map<string, KeptLease>()

  async get(key: string): Promise<StoredRecord | undefined> {
    const record = this.records.get(key)
    return record && { ...record }
  }

  async put(key: string, record: StoredRecord, replaces: string | undefined): Promise<boolean> {
    if (this.records.get(key)?.generation !== replaces) return false
    this.records.set(key, { ...record })
    return true
  }

  async delete(key: string, generation: string): Promise<boolean> {
    if (this.records.get(key)?.generation !== generation) return false
    return this.records.delete(key)
  }

  async acquireLease(name: string, owner: string, ttlMs: number): Promise<boolean> {
    const held = this.leases.get(name)
    if (held && held.owner !== owner && held.expiresAt > this.now) return false
    this.leases.set(name, { owner, expiresAt: this.now + ttlMs })
    return true
  }

  async releaseLease(name: string, owner: string): Promise<void> {
    if (this.leases.get(name)?.owner === owner) this.leases.delete(name)
  }

  async *list(prefix: string): AsyncIterable<string> {
    for (const key of [...this.records.keys()]) if (key.startsWith(prefix)) yield key
  }
}
