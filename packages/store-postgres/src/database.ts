import { withTimeLimit } from './time-limit.js'

/** What is used of a `Pool` or `Client` of `pg`, or of anything that queries in the same way. */
export interface PostgresClient {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: readonly unknown[] }>
}

/** One row of an answer. */
export type Row = Readonly<Record<string, unknown>>

/**
 * The statement was rolled back because of another one at the same time, so it may be sent again:
 * serialization_failure (where the database is set to a stricter isolation) and deadlock_detected.
 */
const ROLLED_BACK = ['40001', '40P01']
/** Both made the same thing at the same time: unique_violation, duplicate_table and _schema. */
const MADE_BY_OTHER = ['23505', '42P07', '42P06']

/** Sends statements one by one, each on whatever connection there is, each within the time limit. */
export class Database {
  readonly #client: PostgresClient
  readonly #timeoutMs: number

  constructor(client: PostgresClient, timeoutMs: number) {
    this.#client = client
    this.#timeoutMs = timeoutMs
  }

  /** Sends one statement and returns its rows. */
  query(text: string, values: unknown[] = []): Promise<readonly Row[]> {
    return this.#send(text, { values, again: ROLLED_BACK })
  }

  /** Sends the one statement of a migration. */
  async migrate(text: string): Promise<void> {
    await this.#send(text, { values: [], again: [...ROLLED_BACK, ...MADE_BY_OTHER] })
  }

  #send(
    text: string,
    { values, again }: { readonly values: unknown[]; readonly again: readonly string[] },
  ): Promise<readonly Row[]> {
    return withTimeLimit(this.#timeoutMs, async (signal) => {
      for (;;) {
        try {
          const { rows } = await this.#client.query(text, values)
          return rows.filter(isRow)
        } catch (error) {
          if (!(error instanceof Error && 'code' in error)) throw error
          if (!again.includes(String(error.code))) throw error
          signal.throwIfAborted()
        }
      }
    })
  }
}

function isRow(row: unknown): row is Row {
  return typeof row === 'object' && row !== null
}
