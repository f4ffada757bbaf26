import type { StoredRecord } from '@procore-auth/core'
import { SoundStore } from './sound-store.js'

/** Gives a lease to whoever asks. */
export class GivesToAll extends SoundStore {
  override async acquireLease(name: string, owner: string, ttlMs: number): Promise<boolean> {
    this.leases.set(name, { owner, expiresAt: this.now + ttlMs })
    return true
  }
}

/** Lets others in between its check and its write. */
export class LeasesLate extends SoundStore {
  override async acquireLease(name: string, owner: string, ttlMs: number): Promise<boolean> {
    const held = this.leases.get(name)
    if (held && held.owner !== owner && held.expiresAt > this.now) return false
    await Promise.resolve()
    this.leases.set(name, { owner, expiresAt: this.now + ttlMs })
    return true
  }
}

/** Never ends a lease. */
export class NeverEnds extends SoundStore {
  override async acquireLease(name: string, owner: string): Promise<boolean> {
    return super.acquireLease(name, owner, Number.POSITIVE_INFINITY)
  }
}

/** Refuses a lease to its own owner. */
export class RefusesOwner extends SoundStore {
  override async acquireLease(name: string, owner: string, ttlMs: number): Promise<boolean> {
    const held = this.leases.get(name)
    if (held && held.expiresAt > this.now) return false
    return super.acquireLease(name, owner, ttlMs)
  }
}

/** Says that it renewed, but leaves the end where it was. */
export class RenewsNothing extends SoundStore {
  override async acquireLease(name: string, owner: string, ttlMs: number): Promise<boolean> {
    const held = this.leases.get(name)
    const done = await super.acquireLease(name, owner, ttlMs)
    if (held && held.owner === owner && held.expiresAt > this.now) this.leases.set(name, held)
    return done
  }
}

/** Gives the lease back when its owner takes it again. */
export class LosesOnRenewal extends SoundStore {
  override async acquireLease(name: string, owner: string, ttlMs: number): Promise<boolean> {
    const renews = this.leases.get(name)?.owner === owner
    const done = await super.acquireLease(name, owner, ttlMs)
    if (renews) this.leases.delete(name)
    return done
  }
}

/** Gives a former owner its lease back. */
export class RemembersOwners extends SoundStore {
  readonly #owners = new Set<string>()

  override async acquireLease(name: string, owner: string, ttlMs: number): Promise<boolean> {
    const before = JSON.stringify([name, owner])
    if (this.#owners.has(before)) this.leases.delete(name)
    const done = await super.acquireLease(name, owner, ttlMs)
    if (done) this.#owners.add(before)
    return done
  }
}

/** Lets anybody give a lease back. */
export class ReleasesAnything extends SoundStore {
  override async releaseLease(name: string): Promise<void> {
    this.leases.delete(name)
  }
}

/** Never gives a lease back. */
export class ReleasesNothing extends SoundStore {
  override async releaseLease(): Promise<void> {}
}

/** Keeps leases where records are. */
export class MixesLeases extends SoundStore {
  override async acquireLease(name: string, owner: string, ttlMs: number): Promise<boolean> {
    const done = await super.acquireLease(name, owner, ttlMs)
    if (done) this.records.set(name, { generation: owner, value: '' })
    return done
  }
}

/** Locks a record while its lease is held. */
export class LocksRecords extends SoundStore {
  override async put(
    key: string,
    record: StoredRecord,
    replaces: string | undefined,
  ): Promise<boolean> {
    const held = this.leases.get(key)
    return !(held && held.expiresAt > this.now) && super.put(key, record, replaces)
  }
}

/** Holds one lease for all names. */
export class HoldsOneLease extends SoundStore {
  override acquireLease(_name: string, owner: string, ttlMs: number): Promise<boolean> {
    return super.acquireLease('the lease', owner, ttlMs)
  }

  override releaseLease(_name: string, owner: string): Promise<void> {
    return super.releaseLease('the lease', owner)
  }
}
