import { isProcoreAuthError, ProcoreAuthError } from '../errors.js'
import type { GrantType } from '../token-set.js'
import type { RowCipher } from './encryption.js'
import { decodeGrant, encodeGrant, type Grant } from './grant.js'
import { grantKey, grantKeyPrefix } from './grant-key.js'
import type { TokenStore } from './store.js'

const GRANT_TYPES: readonly GrantType[] = ['authorization_code', 'client_credentials']

/** What the grants of one application in one environment are kept in. */
export interface GrantStoreConfig {
  readonly store: TokenStore
  readonly cipher: RowCipher
  readonly environment: string
  readonly clientId: string
}

/** The grants of one application in one environment, in a store that knows only text. */
export class GrantStore {
  readonly #store: TokenStore
  readonly #cipher: RowCipher
  readonly #scope: { readonly environment: string; readonly clientId: string }

  constructor({ store, cipher, environment, clientId }: GrantStoreConfig) {
    this.#store = store
    this.#cipher = cipher
    this.#scope = { environment, clientId }
  }

  /** Returns the key of a principal's grant. */
  key(grantType: GrantType, principal: string): string {
    return grantKey({ ...this.#scope, grantType, principal })
  }

  /**
   * Reads a grant.
   *
   * @throws {ProcoreAuthError} `ERR_PROCORE_STORE_UNAVAILABLE`, `ERR_PROCORE_STORE_CORRUPTED`,
   *   `ERR_PROCORE_STORE_KEY_MISMATCH`
   */
  async read(key: string, principal: string): Promise<Grant | undefined> {
    const record = await attempt('read', () => this.#store.get(key))
    if (!record) return undefined
    const value = this.#cipher.open(key, record.value)
    return decodeGrant({ generation: record.generation, value }, principal)
  }

  /** Returns the stored generation without reading what it holds. */
  async generation(key: string): Promise<string | undefined> {
    return (await attempt('read', () => this.#store.get(key)))?.generation
  }

  /** Writes a grant over the generation it replaces; false when another one is stored. */
  write(key: string, grant: Grant, replaces: string | undefined): Promise<boolean> {
    const { generation, value } = encodeGrant(grant)
    const record = { generation, value: this.#cipher.seal(key, value) }
    return attempt('write', () => this.#store.put(key, record, replaces))
  }

  /** Deletes a grant of a generation; false when another one is stored. */
  delete(key: string, generation: string): Promise<boolean> {
    return attempt('delete', () => this.#store.delete(key, generation))
  }

  /** Yields the principals that have a grant of a type. */
  async *principals(grantType: GrantType): AsyncIterable<string> {
    const prefix = grantKeyPrefix({ ...this.#scope, grantType })
    for await (const key of this.#list(prefix)) yield decodeURIComponent(key.slice(prefix.length))
  }

  /** Yields the keys of all grants. */
  async *keys(): AsyncIterable<string> {
    for (const grantType of GRANT_TYPES) {
      yield* this.#list(grantKeyPrefix({ ...this.#scope, grantType }))
    }
  }

  /** Whether a row is sealed by the first secret, or gone. */
  async isCurrent(key: string): Promise<boolean> {
    const record = await attempt('read', () => this.#store.get(key))
    return !record || this.#cipher.isCurrent(key, record.value)
  }

  /**
   * Seals a row with the first secret. Call it under the row's lease.
   *
   * @returns false when somebody else has done so
   * @throws {ProcoreAuthError} `ERR_PROCORE_STORE_KEY_MISMATCH`
   */
  async reseal(key: string): Promise<boolean> {
    for (;;) {
      const record = await attempt('read', () => this.#store.get(key))
      if (!record || this.#cipher.isCurrent(key, record.value)) return false
      const value = this.#cipher.seal(key, this.#cipher.open(key, record.value))
      const { generation } = record
      // Refused when somebody signs in at this moment; then that row is looked at.
      if (await attempt('write', () => this.#store.put(key, { generation, value }, generation))) {
        return true
      }
    }
  }

  acquireLease(name: string, owner: string, ttlMs: number): Promise<boolean> {
    return attempt('lease', () => this.#store.acquireLease(name, owner, ttlMs))
  }

  releaseLease(name: string, owner: string): Promise<void> {
    return attempt('release', () => this.#store.releaseLease(name, owner))
  }

  async *#list(prefix: string): AsyncIterable<string> {
    const keys = await attempt('list', async () => this.#store.list(prefix)[Symbol.asyncIterator]())
    for (;;) {
      const next = await attempt('list', async () => keys.next())
      if (next.done) return
      yield next.value
    }
  }
}

/** Calls the store and gives what it throws a name. Its message may quote a row, so it is cut off. */
async function attempt<Result>(what: string, call: () => Promise<Result>): Promise<Result> {
  try {
    return await call()
  } catch (error) {
    if (isProcoreAuthError(error)) throw error
    const code = error instanceof Error && 'code' in error ? String(error.code) : undefined
    if (error instanceof Error && code === 'ERR_PROCORE_STORE_CORRUPTED') {
      const message = 'The token store finds a record damaged: restore it, or delete it and sign in'
      throw new ProcoreAuthError(code, message, { cause: new Error(error.message) })
    }
    const cause = new Error(`token store: ${what} failed${code ? ` (${code})` : ''}`)
    throw new ProcoreAuthError(
      'ERR_PROCORE_STORE_UNAVAILABLE',
      `The token store failed (${what}): check the store, then try again`,
      { cause },
    )
  }
}
