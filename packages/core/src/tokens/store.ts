/** What a store keeps for one key. */
export interface StoredRecord {
  /** Names the token pair inside. Every new pair has a new one. */
  readonly generation: string
  /** Opaque text of up to 64 kB, to be kept byte for byte. */
  readonly value: string
}

/**
 * Where grants are kept. Six methods, the same promises in memory, in a file and in a database:
 *
 * - Keys are well-formed text of any characters, at most 4,000 of them; values are copies.
 * - `put` and `delete` are atomic, in every process that shares the store: of two callers that name
 *   the same generation one succeeds.
 * - A lease is held by one owner at a time and ends by its time alone: not with the connection or the
 *   process that took it. That time is measured by one clock, the store's own.
 * - Every method rejects when the store cannot be reached or does not know what happened. An error
 *   with the `code` `ERR_PROCORE_STORE_CORRUPTED` says that a record is not what was put, in a
 *   `message` that quotes nothing of it.
 */
export interface TokenStore {
  /** Returns the record, or `undefined` when there is none. */
  get(key: string): Promise<StoredRecord | undefined>
  /**
   * Writes a record if the stored one still has the generation `replaces`, or if there is none when
   * `replaces` is `undefined`.
   *
   * @returns false, with nothing changed, when another generation is stored
   */
  put(key: string, record: StoredRecord, replaces: string | undefined): Promise<boolean>
  /**
   * Deletes a record if it still has this generation.
   *
   * @returns false, with nothing changed, when another generation or none is stored
   */
  delete(key: string, generation: string): Promise<boolean>
  /**
   * Takes the lease of a name, or renews it for the owner who holds it, for `ttlMs` milliseconds
   * from now, also where that ends it sooner.
   *
   * @returns false when another owner holds it
   */
  acquireLease(name: string, owner: string, ttlMs: number): Promise<boolean>
  /** Gives the lease back if this owner still holds it; does nothing otherwise. */
  releaseLease(name: string, owner: string): Promise<void>
  /** Yields the keys that start with a prefix, in no particular order. */
  list(prefix: string): AsyncIterable<string>
}
