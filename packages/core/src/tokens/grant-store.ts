import { ProcoreAuthError } from '../errors.js'
import type { GrantType } from '../token-set.js'
import { decodeGrant, encodeGrant, type Grant } from './grant.js'
import { grantKey } from './grant-key.js'
import type { TokenStore } from './store.js'

/** The grants of one application in one environment, in a store that knows only text. */
export class GrantStore {
  readonly #store: TokenStore
  readonly #scope: { readonly environment: string; readonly clientId: string }

  constructor(store: TokenStore, scope: { environment: string; clientId: string }) {
    this.#store = store
    this.#scope = scope
  }

  /** Returns the key of a principal's grant. */
  key(grantType: GrantType, principal: string): string {
    return grantKey({ ...this.#scope, grantType, principal })
  }

  /**
   * Reads a grant.
   *
   * @throws {ProcoreAuthError} `ERR_PROCORE_STORE_UNAVAILABLE`, `ERR_PROCORE_STORE_CORRUPTED`
   */
  async read(key: string, principal: string): Promise<Grant | undefined> {
    const record = await this.attempt('read', () => this.#store.get(key))
    return record && decodeGrant(record, principal)
  }

  /** Returns the stored generation without reading what it holds. */
  async generation(key: string): Promise<string | undefined> {
    return (await this.attempt('read', () => this.#store.get(key)))?.generation
  }

  /** Writes a grant over the generation it replaces; false when another one is stored. */
  write(key: string, grant: Grant, replaces: string | undefined): Promise<boolean> {
    return this.attempt('write', () => this.#store.put(key, encodeGrant(grant), replaces))
  }

  /** Deletes a grant of a generation; false when another one is stored. */
  delete(key: string, generation: string): Promise<boolean> {
    return this.attempt('delete', () => this.#store.delete(key, generation))
  }

  acquireLease(name: string, owner: string, ttlMs: number): Promise<boolean> {
    return this.attempt('lease', () => this.#store.acquireLease(name, owner, ttlMs))
  }

  releaseLease(name: string, owner: string): Promise<void> {
    return this.attempt('release', () => this.#store.releaseLease(name, owner))
  }

  /** Calls the store and gives what it throws a name. Its message may quote a row, so it is cut off. */
  async attempt<Result>(what: string, call: () => Promise<Result>): Promise<Result> {
    try {
      return await call()
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : undefined
      const cause = new Error(`token store: ${what} failed${code ? ` (${code})` : ''}`)
      throw new ProcoreAuthError(
        'ERR_PROCORE_STORE_UNAVAILABLE',
        `The token store failed (${what}): check the store, then try again`,
        { cause },
      )
    }
  }
}
