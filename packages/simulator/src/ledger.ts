/** One request that arrived at the simulator. Carries no token, code or secret. */
export interface LedgerEntry {
  /** Arrival in epoch milliseconds of the simulator's clock. */
  readonly at: number
  /** HTTP method. */
  readonly method: string
  /** The server that was called. */
  readonly origin: 'login' | 'api'
  /** Path without the query. */
  readonly path: string
  /** `grant_type` of a token request. */
  readonly grantType?: string
  /** Status of the answer; `closed` when the connection was cut, `pending` while it is worked on. */
  readonly status: number | 'closed' | 'pending'
  /** `ok`, an OAuth error code, a short reason such as `not-found`, `fault:<kind>`, or `pending`. */
  readonly outcome: string
  /** Whether a refresh token came that had been exchanged before. */
  readonly reusedRefreshToken: boolean
  /** Whether an authorization code came that had been exchanged before. */
  readonly reusedCode: boolean
  /** Client id of a registered application. */
  readonly clientId?: string
  /** Id of the user whose token, code or session it was. */
  readonly userId?: string
  /** Value of the `Procore-Company-Id` header. */
  readonly companyId?: string
}

/** The record of all requests, in order of arrival. */
export interface Ledger {
  /** All entries since the start or the last `clear`. */
  readonly entries: readonly LedgerEntry[]
  /** Forgets all entries. */
  clear(): void
  /** Lists the token requests with `grant_type=refresh_token`. */
  refreshes(): readonly LedgerEntry[]
  /**
   * Lists the requests to `POST /oauth/token`.
   *
   * @param grantType Only those with this `grant_type`.
   */
  tokenRequests(grantType?: string): readonly LedgerEntry[]
  /**
   * Counts entries.
   *
   * @param match Members that have to be equal, for example `{ origin: 'api', status: 401 }`.
   */
  count(match?: Partial<LedgerEntry>): number
}

/** An entry while its request is being answered. */
export type LedgerDraft = { -readonly [Key in keyof LedgerEntry]: LedgerEntry[Key] }

/** The ledger together with its writing side. */
export interface LedgerBook {
  readonly ledger: Ledger
  /** Adds an entry on arrival and returns it to be completed. */
  open(start: Pick<LedgerEntry, 'at' | 'method' | 'origin' | 'path'>): LedgerDraft
}

/**
 * Creates an empty ledger.
 *
 * @returns The reading side for tests and the writing side for the servers.
 */
export function createLedgerBook(): LedgerBook {
  const entries: LedgerDraft[] = []
  const tokenRequests = (grantType?: string) =>
    entries.filter(
      (entry) =>
        entry.origin === 'login' &&
        entry.method === 'POST' &&
        entry.path === '/oauth/token' &&
        (grantType === undefined || entry.grantType === grantType),
    )
  return {
    ledger: {
      entries,
      clear() {
        entries.length = 0
      },
      refreshes: () => tokenRequests('refresh_token'),
      tokenRequests,
      count: (match = {}) => entries.filter((entry) => matches(entry, match)).length,
    },
    open(start) {
      const draft: LedgerDraft = {
        ...start,
        status: 'pending',
        outcome: 'pending',
        reusedRefreshToken: false,
        reusedCode: false,
      }
      entries.push(draft)
      return draft
    },
  }
}

function matches(entry: LedgerEntry, match: Partial<LedgerEntry>): boolean {
  const values = new Map<string, unknown>(Object.entries(entry))
  return Object.entries(match).every(([name, value]) => values.get(name) === value)
}
