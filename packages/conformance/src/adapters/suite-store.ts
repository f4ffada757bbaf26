import type { StoredRecord, TokenStore } from '@procore-auth/core'

type Method = 'get' | 'put' | 'delete' | 'acquireLease' | 'releaseLease'

/** What a store that is to fail says; no client may ever see it. */
export const STORE_MESSAGE = 'the store of the suite is away: canary-row'

/** A store in memory whose methods fail when a test says so. */
export class SuiteStore implements TokenStore {
  /** What fails from now on. */
  failing: readonly Method[] = []
  /** Whether failing methods throw before they return a promise. */
  throwsAtOnce = false
  readonly #records = new Map<string, StoredRecord>()
  readonly #leases = new Map<string, { readonly owner: string; readonly expiresAt: number }>()

  get(key: string): Promise<StoredRecord | undefined> {
    return this.#do('get', () => this.#records.get(key))
  }

  put(key: string, record: StoredRecord, replaces: string | undefined): Promise<boolean> {
    return this.#do('put', () => {
      if (this.#records.get(key)?.generation !== replaces) return false
      this.#records.set(key, { ...record })
      return true
    })
  }

  delete(key: string, generation: string): Promise<boolean> {
    return this.#do('delete', () => {
      if (this.#records.get(key)?.generation !== generation) return false
      return this.#records.delete(key)
    })
  }

  acquireLease(name: string, owner: string, ttlMs: number): Promise<boolean> {
    return this.#do('acquireLease', () => {
      const held = this.#leases.get(name)
      if (held && held.owner !== owner && held.expiresAt > Date.now()) return false
      this.#leases.set(name, { owner, expiresAt: Date.now() + ttlMs })
      return true
    })
  }

  releaseLease(name: string, owner: string): Promise<void> {
    return this.#do('releaseLease', () => {
      if (this.#leases.get(name)?.owner === owner) this.#leases.delete(name)
    })
  }

  async *list(prefix: string): AsyncIterable<string> {
    for (const key of [...this.#records.keys()]) if (key.startsWith(prefix)) yield key
  }

  #do<Result>(method: Method, work: () => Result): Promise<Result> {
    if (!this.failing.includes(method)) return Promise.resolve(work())
    const error = new Error(STORE_MESSAGE)
    if (this.throwsAtOnce) throw error
    return Promise.reject(error)
  }
}
