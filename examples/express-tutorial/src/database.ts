import type { ProcoreUser } from '@procore-auth/core'
import Database from 'libsql'

/** A row of the table `users`. Ids exceed 32 bits, and SQLite's integers have 64. */
export interface UserRow {
  readonly id: bigint
  readonly procore_id: bigint
  readonly email: string
}

/** The application's own users. */
export interface Users {
  /** Creates the user of a first sign-in, finds the one of every later sign-in. */
  findOrCreate(user: ProcoreUser): UserRow
  find(procoreId: string): UserRow | undefined
  count(): number
  close(): void
}

/**
 * Opens the database and creates the table when it is not there.
 *
 * @param file path of the SQLite file, or `:memory:`
 */
export function openUsers(file: string): Users {
  const database = new Database(file)
  database.defaultSafeIntegers(true)
  database.exec(
    `CREATE TABLE IF NOT EXISTS users (
       id INTEGER PRIMARY KEY,
       procore_id INTEGER,
       email varchar(255)
     );
     CREATE UNIQUE INDEX IF NOT EXISTS users_procore_id ON users (procore_id)`,
  )
  const find = (procoreId: string): UserRow | undefined => {
    const row = database
      .prepare('SELECT id, procore_id, email FROM users WHERE procore_id = ?')
      .get(BigInt(procoreId))
    return isUserRow(row) ? row : undefined
  }
  return {
    find,
    findOrCreate: ({ id, login }) => {
      database
        .prepare('INSERT INTO users (procore_id, email) VALUES (?, ?) ON CONFLICT DO NOTHING')
        .run(BigInt(id), login)
      const row = find(id)
      if (!row) throw new Error('The user that was just written is not there')
      return row
    },
    count: () => database.prepare('SELECT id FROM users').all().length,
    close: () => database.close(),
  }
}

function isUserRow(row: unknown): row is UserRow {
  return typeof row === 'object' && row !== null && 'id' in row && 'procore_id' in row
}
