import type { StoredRecord, TokenStore } from '@procore-auth/core'
import { assertUsable, type SqliteDatabase, whenFree, writeLocked } from './database.js'
import {
  PAGE_SIZE,
  prepareStatements,
  type Statements,
  setUp,
  type TableNames,
} from './statements.js'
import { escapeText, unescapeText } from './text.js'

/** Options of {@link SqliteTokenStore}. */
export interface SqliteTokenStoreOptions {
  /** Table of the grants: letters, digits and `_`; default `procore_auth_records`. */
  readonly recordsTable?: string
  /** Table of the leases: letters, digits and `_`; default `procore_auth_leases`. */
  readonly leasesTable?: string
  /** Milliseconds to try again while other connections write; default 5,000. */
  readonly busyTimeoutMs?: number
}

/** Expired leases are swept with one acquisition in so many; a sweep removes more than they add. */
const SWEEP_EVERY = 64

/**
 * Keeps grants in SQLite, for any number of processes of one machine on one file. Creates its tables
 * with the first call.
 *
 * Takes a connection of its own: it sets `journal_mode = WAL`, `synchronous = FULL` and a short
 * `busy_timeout`, and does nothing while a transaction is open, which could undo what it wrote.
 * Leases are measured by the machine's clock, in the statement that takes them.
 *
 * @example
 * ```ts
 * import { SqliteTokenStore } from '@procore-auth/store-sqlite'
 * import Database from 'libsql'
 *
 * const tokenStore = new SqliteTokenStore(new Database('procore.db'))
 * ```
 */
export class SqliteTokenStore implements TokenStore {
  readonly #database: SqliteDatabase
  readonly #tables: TableNames
  readonly #patienceMs: number
  #statements: Statements | undefined
  #acquired = 0

  /**
   * @param database of better-sqlite3, libsql or node:sqlite; closing it is up to the caller
   * @throws {TypeError} when a table name or the time is not usable
   */
  constructor(database: SqliteDatabase, options: SqliteTokenStoreOptions = {}) {
    this.#database = database
    this.#tables = tableNames(options)
    this.#patienceMs = options.busyTimeoutMs ?? 5_000
    if (!(Number.isFinite(this.#patienceMs) && this.#patienceMs >= 0)) {
      throw new TypeError('busyTimeoutMs must be a number of milliseconds, 0 or more')
    }
  }

  async get(key: string): Promise<StoredRecord | undefined> {
    const row = await this.#run(({ get }) => get.get(escapeText(key)))
    if (row === undefined || row === null) return undefined
    return { generation: textOf(row, 'generation'), value: textOf(row, 'value') }
  }

  async put(key: string, record: StoredRecord, replaces: string | undefined): Promise<boolean> {
    const id = escapeText(key)
    const generation = escapeText(record.generation)
    const value = escapeText(record.value)
    return this.#changes(({ create, replace }) =>
      replaces === undefined
        ? create.run(id, generation, value)
        : replace.run(generation, value, id, escapeText(replaces)),
    )
  }

  async delete(key: string, generation: string): Promise<boolean> {
    return this.#changes((each) => each.delete.run(escapeText(key), escapeText(generation)))
  }

  async acquireLease(name: string, owner: string, ttlMs: number): Promise<boolean> {
    if (this.#acquired++ % SWEEP_EVERY === 0) await this.#write(({ sweep }) => sweep.run())
    return this.#changes(({ acquire }) =>
      acquire.run(escapeText(name), escapeText(owner), Math.ceil(ttlMs)),
    )
  }

  async releaseLease(name: string, owner: string): Promise<void> {
    await this.#write(({ release }) => release.run(escapeText(name), escapeText(owner)))
  }

  async *list(prefix: string): AsyncIterable<string> {
    const start = escapeText(prefix)
    let rows = await this.#run(({ list }) => list.all(start))
    for (;;) {
      let last = start
      for (const row of rows) {
        last = storedText(row, 'key')
        if (!last.startsWith(start)) return
        yield unescapeText(last)
      }
      if (rows.length < PAGE_SIZE) return
      rows = await this.#run(({ listAfter }) => listAfter.all(last))
    }
  }

  /** Whether a statement changed a row. */
  #changes(
    work: (statements: Statements) => { readonly changes: number | bigint },
  ): Promise<boolean> {
    return this.#write((statements) => Number(work(statements).changes) > 0)
  }

  #write<Result>(work: (statements: Statements) => Result): Promise<Result> {
    return this.#run((statements) => writeLocked(this.#database, () => work(statements)))
  }

  #run<Result>(work: (statements: Statements) => Result): Promise<Result> {
    return whenFree(this.#patienceMs, () => {
      assertUsable(this.#database)
      this.#statements ??= this.#setUp()
      return work(this.#statements)
    })
  }

  #setUp(): Statements {
    setUp(this.#database, this.#tables)
    return prepareStatements(this.#database, this.#tables)
  }
}

function tableNames(options: SqliteTokenStoreOptions): TableNames {
  const records = options.recordsTable ?? 'procore_auth_records'
  const leases = options.leasesTable ?? 'procore_auth_leases'
  for (const name of [records, leases]) {
    if (/^(?!sqlite_)[a-z_][a-z0-9_]{0,63}$/i.test(name)) continue
    throw new TypeError(
      'A table name must be up to 64 letters, digits and _, and begin with neither a digit nor sqlite_',
    )
  }
  if (records.toLowerCase() === leases.toLowerCase()) {
    throw new TypeError('recordsTable and leasesTable must be two tables')
  }
  return { records, leases }
}

function textOf(row: unknown, column: string): string {
  return unescapeText(storedText(row, column))
}

function storedText(row: unknown, column: string): string {
  const value: unknown =
    typeof row === 'object' && row !== null ? Reflect.get(row, column) : undefined
  if (typeof value === 'string') return value
  throw new Error(`The column ${column} holds no text: it was not written by SqliteTokenStore`)
}
