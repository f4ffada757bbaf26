import { createHash } from 'node:crypto'
import type { StoredRecord, TokenStore } from '@procore-auth/core'
import { Database, type PostgresClient, type Row } from './database.js'
import { createNames, type Names } from './names.js'
import {
  createMigration,
  createStatements,
  createVersionQueries,
  PAGE_SIZE,
  type Statements,
} from './statements.js'
import { decodeText, encodePrefix, encodeText } from './text.js'

/** What a {@link PostgresTokenStore} can be told. */
export interface PostgresTokenStoreOptions {
  /** Where its tables are; default `public`. Created when it is not there. */
  readonly schema?: string
  /** Name of the table of grants, and how its other two tables begin; default `procore_auth_grants`. */
  readonly table?: string
  /**
   * Whether the tables are created or brought up to date with the first call; default true. With
   * false, run {@link PostgresTokenStore.migrate} yourself before.
   */
  readonly migrate?: boolean
  /** How long each statement may take, waiting for a connection included; default 5,000 ms. */
  readonly queryTimeoutMs?: number
}

const DEFAULT_TIMEOUT_MS = 5_000
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1

/**
 * Keeps grants in PostgreSQL 11 or newer, through a pool that the application makes, listens to for
 * errors, and ends.
 *
 * Each method is one statement outside any transaction, on whatever connection the pool has: no
 * session state, no prepared statement, no lock held between two calls. So it works behind PgBouncer
 * in transaction mode. Leases are measured by the clock of the database. Errors of the driver pass
 * through; `code` is `ETIMEDOUT` when a statement took too long, and it may still be carried out then.
 *
 * @example
 * ```ts
 * import { createProcoreAuth } from '@procore-auth/core'
 * import { PostgresTokenStore } from '@procore-auth/store-postgres'
 * import { Pool } from 'pg'
 *
 * const auth = createProcoreAuth({ tokenStore: new PostgresTokenStore(new Pool()) })
 * ```
 */
export class PostgresTokenStore implements TokenStore {
  readonly #database: Database
  readonly #names: Names
  readonly #statements: Statements
  readonly #migratesItself: boolean
  #migrated: Promise<void> | undefined

  /**
   * @param client a `Pool` of `pg`, or anything with the same `query(text, values)`
   * @param options see {@link PostgresTokenStoreOptions}
   * @throws {TypeError} when the client or an option is not what is accepted
   */
  constructor(client: PostgresClient, options: PostgresTokenStoreOptions = {}) {
    const { schema = 'public', table = 'procore_auth_grants', migrate = true } = options
    const { queryTimeoutMs = DEFAULT_TIMEOUT_MS } = options
    if (typeof client?.query !== 'function') {
      throw new TypeError(
        'PostgresTokenStore takes a Pool of pg, or anything with query(text, values)',
      )
    }
    if (!(queryTimeoutMs > 0 && queryTimeoutMs <= LONGEST_TIMEOUT_MS)) {
      throw new TypeError(`queryTimeoutMs must be from 1 to ${LONGEST_TIMEOUT_MS} milliseconds`)
    }
    this.#database = new Database(client, queryTimeoutMs)
    this.#names = createNames(schema, table)
    this.#statements = createStatements(this.#names)
    this.#migratesItself = migrate
  }

  /**
   * Creates the tables or brings them up to date; does nothing when they are. Any number of processes
   * may do it at once. When there is something to do, the role needs to be allowed to create tables.
   */
  async migrate(): Promise<void> {
    const { isThere, version } = createVersionQueries(this.#names)
    if ((await this.#holds(isThere)) && (await this.#holds(version))) return
    await this.#database.migrate(createMigration(this.#names))
  }

  async get(key: string): Promise<StoredRecord | undefined> {
    const [row] = await this.#query('get', [toId(key)])
    return row && { generation: textOf(row, 'generation'), value: textOf(row, 'value') }
  }

  async put(key: string, record: StoredRecord, replaces: string | undefined): Promise<boolean> {
    const id = toId(key)
    const generation = encodeText(record.generation)
    const value = encodeText(record.value)
    const rows =
      replaces === undefined
        ? await this.#query('insert', [id, encodeText(key), generation, value])
        : await this.#query('replace', [id, generation, value, encodeText(replaces)])
    return rows.length > 0
  }

  async delete(key: string, generation: string): Promise<boolean> {
    const rows = await this.#query('delete', [toId(key), encodeText(generation)])
    return rows.length > 0
  }

  async acquireLease(name: string, owner: string, ttlMs: number): Promise<boolean> {
    const rows = await this.#query('acquire', [toId(name), encodeText(owner), ttlMs])
    return rows.length > 0
  }

  async releaseLease(name: string, owner: string): Promise<void> {
    await this.#query('release', [toId(name), encodeText(owner)])
    await this.#query('sweep', [])
  }

  async *list(prefix: string): AsyncIterable<string> {
    const start = encodePrefix(prefix)
    let after: readonly [key: string, id: string] = [start, '']
    for (;;) {
      const rows = await this.#query('list', [start, ...after])
      for (const row of rows) {
        if (row['inside'] !== true) return
        const key = textOf(row, 'key')
        if (key.startsWith(prefix)) yield key
      }
      const last = rows.at(-1)
      if (!last || rows.length < PAGE_SIZE) return
      after = [encodeText(textOf(last, 'key')), textOf(last, 'id')]
    }
  }

  async #query(statement: keyof Statements, values: unknown[]): Promise<readonly Row[]> {
    if (this.#migratesItself) await this.#migrateOnce()
    return this.#database.query(this.#statements[statement], values)
  }

  #migrateOnce(): Promise<void> {
    this.#migrated ??= this.migrate().catch((error: unknown) => {
      this.#migrated = undefined
      throw error
    })
    return this.#migrated
  }

  async #holds(question: string): Promise<boolean> {
    const [row] = await this.#database.query(question)
    return row?.['there'] === true
  }
}

/** Keys may be longer than an index takes. */
function toId(text: string): string {
  return createHash('sha256').update(encodeText(text)).digest('hex')
}

function textOf(row: Row, column: string): string {
  const text = row[column]
  if (typeof text !== 'string') throw new Error(`PostgreSQL answered without the text "${column}"`)
  return decodeText(text)
}
