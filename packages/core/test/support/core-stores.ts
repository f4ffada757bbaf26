import type { StoredRecord, TokenStore } from '../../src/tokens/store.js'

/** Returns a store in which some methods are others. */
export function withMethods(store: TokenStore, methods: Partial<TokenStore>): TokenStore {
  return {
    get: (key) => store.get(key),
    put: (key, record, replaces) => store.put(key, record, replaces),
    delete: (key, generation) => store.delete(key, generation),
    acquireLease: (name, owner, ttlMs) => store.acquireLease(name, owner, ttlMs),
    releaseLease: (name, owner) => store.releaseLease(name, owner),
    list: (prefix) => store.list(prefix),
    ...methods,
  }
}

/** A store whose methods can be made to fail, and that counts what is asked of it. */
export class UnreliableStore implements TokenStore {
  /** Methods that reject just now. */
  readonly down = new Set<keyof TokenStore>()
  readonly calls: (keyof TokenStore)[] = []
  readonly #left = new Map<keyof TokenStore, number>()
  readonly #store: TokenStore

  constructor(store: TokenStore) {
    this.#store = store
  }

  get(key: string): ReturnType<TokenStore['get']> {
    return this.#call('get', () => this.#store.get(key))
  }

  put(
    key: string,
    record: StoredRecord,
    replaces: string | undefined,
  ): ReturnType<TokenStore['put']> {
    return this.#call('put', () => this.#store.put(key, record, replaces))
  }

  delete(key: string, generation: string): ReturnType<TokenStore['delete']> {
    return this.#call('delete', () => this.#store.delete(key, generation))
  }

  acquireLease(name: string, owner: string, ttlMs: number): Promise<boolean> {
    return this.#call('acquireLease', () => this.#store.acquireLease(name, owner, ttlMs))
  }

  releaseLease(name: string, owner: string): Promise<void> {
    return this.#call('releaseLease', () => this.#store.releaseLease(name, owner))
  }

  list(prefix: string): AsyncIterable<string> {
    return this.#store.list(prefix)
  }

  /** Takes a method down after so many more calls of it. */
  failAfter(name: keyof TokenStore, calls: number): void {
    this.#left.set(name, calls)
  }

  /** Takes every method down, or back up. */
  set isDown(down: boolean) {
    this.down.clear()
    this.#left.clear()
    if (!down) return
    for (const name of ['get', 'put', 'delete', 'acquireLease', 'releaseLease'] as const) {
      this.down.add(name)
    }
  }

  async #call<Result>(name: keyof TokenStore, call: () => Promise<Result>): Promise<Result> {
    this.calls.push(name)
    const left = this.#left.get(name)
    if (left === 0) this.down.add(name)
    if (left !== undefined) this.#left.set(name, left - 1)
    if (this.down.has(name)) throw Object.assign(new Error('secret row'), { code: 'ECONNRESET' })
    return call()
  }
}
