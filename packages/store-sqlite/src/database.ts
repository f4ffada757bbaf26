/** A statement of better-sqlite3, libsql or node:sqlite. */
export interface SqliteStatement {
  run(...values: unknown[]): { readonly changes: number | bigint }
  get(...values: unknown[]): unknown
  all(...values: unknown[]): unknown[]
}

/** A database of better-sqlite3, libsql or node:sqlite (`DatabaseSync`), as far as it is needed. */
export interface SqliteDatabase {
  prepare(sql: string): SqliteStatement
  exec(sql: string): unknown
  /** Whether the connection is open, in better-sqlite3 and libsql. In node:sqlite it is a method. */
  readonly open?: unknown
  /** Whether the connection is open, in node:sqlite. */
  readonly isOpen?: boolean
  /** Whether a transaction is open, in better-sqlite3 and libsql. */
  readonly inTransaction?: boolean
  /** Whether a transaction is open, in node:sqlite. */
  readonly isTransaction?: boolean
}

/** SQLITE_BUSY and SQLITE_LOCKED, the lower bytes of their extended codes. */
const BUSY_CODES: readonly number[] = [5, 6]
const FIRST_PAUSE_MS = 5
const LONGEST_PAUSE_MS = 100

/**
 * Checks that a statement can be run, and is kept once it has run.
 *
 * @throws {Error} when the connection is closed, which ends the whole process in libsql, or has a
 *   transaction open, which could undo what is written
 */
export function assertUsable(database: SqliteDatabase): void {
  if (database.open === false || database.isOpen === false) {
    throw new Error('The connection is closed')
  }
  if (database.inTransaction || database.isTransaction) {
    throw new Error(
      'A transaction is open on this connection and could undo what is written: give SqliteTokenStore a connection of its own',
    )
  }
}

/**
 * Writes with the lock taken first. A statement that finds the database locked is left open by libsql,
 * and with it an old snapshot, which every later read of the connection would see.
 */
export function writeLocked<Result>(database: SqliteDatabase, work: () => Result): Result {
  database.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    database.exec('COMMIT')
    return result
  } catch (error) {
    // SQLite ends some transactions itself, such as those that find the disk full.
    if (database.inTransaction || database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}

/** Whether an error says that another connection is writing, so that trying again may help. */
export function isBusy(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  // node:sqlite tells the number, the others the name.
  if ('errcode' in error) return BUSY_CODES.includes(Number(error.errcode) & 0xff)
  return 'code' in error && /^SQLITE_(BUSY|LOCKED)/.test(String(error.code))
}

/**
 * Runs synchronous work on a database, again while other connections write. The pauses are not spent
 * in the driver, which would stop the whole process.
 *
 * @param patienceMs how long in total
 */
export async function whenFree<Result>(patienceMs: number, work: () => Result): Promise<Result> {
  const deadline = performance.now() + patienceMs
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    try {
      return work()
    } catch (error) {
      if (!isBusy(error) || performance.now() + pause > deadline) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, pause))
  }
}
