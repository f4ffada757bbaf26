import type { SqliteDatabase, SqliteStatement } from './database.js'

/** Names of the two tables. */
export interface TableNames {
  readonly records: string
  readonly leases: string
}

/** Every statement of the store. Each is atomic alone. */
export interface Statements {
  readonly get: SqliteStatement
  readonly create: SqliteStatement
  readonly replace: SqliteStatement
  readonly delete: SqliteStatement
  readonly list: SqliteStatement
  readonly listAfter: SqliteStatement
  readonly acquire: SqliteStatement
  readonly release: SqliteStatement
  readonly sweep: SqliteStatement
}

/**
 * Now in epoch milliseconds, by the clock of the machine. SQLite reads it when the statement has the
 * write lock, so a lease that was waited for does not begin in the past.
 */
const NOW = `CAST(ROUND((julianday('now') - 2440587.5) * 86400000) AS INTEGER)`

/** How many keys are read at a time. */
export const PAGE_SIZE = 500
const SWEEP_SIZE = 200

/** How long the driver itself waits for a lock, which stops the whole process. */
const DRIVER_PATIENCE_MS = 20

/**
 * Sets the connection up and creates the tables that are missing. Many processes may do it at once.
 *
 * The journal is written ahead, so that readers and the writer do not keep each other out. With
 * `synchronous = FULL` a pair is on the disk when `put` returns; the default of some drivers may lose
 * the last commits in a power failure, and a lost refresh token cannot be had again.
 */
export function setUp(database: SqliteDatabase, { records, leases }: TableNames): void {
  database.exec(`PRAGMA busy_timeout = ${DRIVER_PATIENCE_MS}`)
  database.exec('PRAGMA journal_mode = WAL')
  database.exec('PRAGMA synchronous = FULL')
  database.exec(
    `CREATE TABLE IF NOT EXISTS "${records}" (
       key TEXT NOT NULL COLLATE BINARY PRIMARY KEY,
       generation TEXT NOT NULL COLLATE BINARY,
       value TEXT NOT NULL
     )`,
  )
  database.exec(
    `CREATE TABLE IF NOT EXISTS "${leases}" (
       name TEXT NOT NULL COLLATE BINARY PRIMARY KEY,
       owner TEXT NOT NULL COLLATE BINARY,
       expires_at INTEGER NOT NULL
     )`,
  )
  database.exec(`CREATE INDEX IF NOT EXISTS "${leases}_expires_at" ON "${leases}" (expires_at)`)
}

/** Prepares the statements. */
export function prepareStatements(
  database: SqliteDatabase,
  { records, leases }: TableNames,
): Statements {
  return {
    get: database.prepare(`SELECT generation, value FROM "${records}" WHERE key = ?`),
    create: database.prepare(
      `INSERT INTO "${records}" (key, generation, value) VALUES (?, ?, ?)
       ON CONFLICT (key) DO NOTHING`,
    ),
    replace: database.prepare(
      `UPDATE "${records}" SET generation = ?, value = ? WHERE key = ? AND generation = ?`,
    ),
    delete: database.prepare(`DELETE FROM "${records}" WHERE key = ? AND generation = ?`),
    // From the prefix on in order, so that the first key without it ends the list: no pattern, no
    // upper bound, and no statement stays open between pages.
    list: database.prepare(
      `SELECT key FROM "${records}" WHERE key >= ? ORDER BY key LIMIT ${PAGE_SIZE}`,
    ),
    listAfter: database.prepare(
      `SELECT key FROM "${records}" WHERE key > ? ORDER BY key LIMIT ${PAGE_SIZE}`,
    ),
    acquire: database.prepare(
      `INSERT INTO "${leases}" AS held (name, owner, expires_at) VALUES (?, ?, ${NOW} + ?)
       ON CONFLICT (name) DO UPDATE
         SET owner = excluded.owner, expires_at = excluded.expires_at
         WHERE held.owner = excluded.owner OR held.expires_at <= ${NOW}`,
    ),
    release: database.prepare(`DELETE FROM "${leases}" WHERE name = ? AND owner = ?`),
    sweep: database.prepare(
      `DELETE FROM "${leases}" WHERE name IN (
         SELECT name FROM "${leases}" WHERE expires_at <= ${NOW} LIMIT ${SWEEP_SIZE}
       )`,
    ),
  }
}
