import type { Calls } from './questions.js'

/** A process that the primary started. */
export interface Member {
  readonly name: string
  readonly pid: number
}

/** Calls that one process made at once. */
export interface Batch extends Calls {
  readonly at: number
  readonly by: Member
  readonly reason: 'button' | 'job'
}

/** A refresh that a process reported. */
export interface Refresh {
  readonly at: number
  readonly by: Member
}

/** What a process did in the current round. */
export interface Tally extends Member {
  readonly calls: number
  readonly failed: number
  readonly refreshes: number
  readonly ended: boolean
}

/** What the page of one user shows. */
export interface Board {
  /** When the round began: with the access token's expiry, or with the start of the cluster. */
  readonly since: number
  /** One for each process that lives or did something in the round. */
  readonly tallies: readonly Tally[]
  readonly latest: readonly Batch[]
  readonly lastRefresh: Refresh | undefined
  /** Refreshes of all rounds, as the processes report them … */
  readonly reported: number
  /** … and as the offline Procore counts them. The real one does not tell. */
  readonly seenByProcore: number | undefined
}

const LATEST = 12

/** What the processes report about one user. */
export class Logbook {
  #since = Date.now()
  #latest: readonly Batch[] = []
  #lastRefresh: Refresh | undefined
  #reported = 0
  readonly #tallies = new Map<number, Tally>()

  beginRound(): void {
    this.#since = Date.now()
    this.#tallies.clear()
  }

  called(by: Member, reason: Batch['reason'], { calls, failures }: Calls): void {
    this.#latest = [{ at: Date.now(), by, reason, calls, failures }, ...this.#latest]
    this.#latest = this.#latest.slice(0, LATEST)
    this.#count(by, { calls, failed: failures.length, refreshes: 0 })
  }

  refreshed(by: Member): void {
    this.#reported += 1
    this.#lastRefresh = { at: Date.now(), by }
    this.#count(by, { calls: 0, failed: 0, refreshes: 1 })
  }

  /** @param living the processes that run now */
  board(living: readonly Member[], seenByProcore: number | undefined): Board {
    const running = new Set(living.map(({ pid }) => pid))
    const ended = [...this.#tallies.values()].filter(({ pid }) => !running.has(pid))
    const tallies = [
      ...living.map((member) => this.#tallyOf(member)),
      ...ended.map((tally) => ({ ...tally, ended: true })),
    ]
    return {
      since: this.#since,
      tallies: tallies.sort((one, other) => one.name.localeCompare(other.name)),
      latest: this.#latest,
      lastRefresh: this.#lastRefresh,
      reported: this.#reported,
      seenByProcore,
    }
  }

  #count(
    by: Member,
    more: { readonly calls: number; readonly failed: number; readonly refreshes: number },
  ): void {
    const tally = this.#tallyOf(by)
    this.#tallies.set(by.pid, {
      ...tally,
      calls: tally.calls + more.calls,
      failed: tally.failed + more.failed,
      refreshes: tally.refreshes + more.refreshes,
    })
  }

  #tallyOf({ name, pid }: Member): Tally {
    const none = { name, pid, calls: 0, failed: 0, refreshes: 0, ended: false }
    return this.#tallies.get(pid) ?? none
  }
}
