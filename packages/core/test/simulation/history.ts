import type { Machine } from './machine.js'
import type { Pair, ProcoreModel } from './procore-model.js'
import type { Profile } from './profile.js'
import type { Timeline } from './timeline.js'

/** What the store holds, as the world sees it. */
export interface Row {
  readonly pair: Pair
  readonly generation: string
  readonly pending: boolean
  readonly marked: string | undefined
  /** Whether the one who wrote the pair held the lease then. */
  readonly underLease: boolean
}

/** What happened in all schedules together. */
export interface Figures {
  schedules: number
  events: number
  calls: number
  refreshes: number
  rotations: number
  crashes: number
  pauses: number
  lostAnswers: number
  storeFailures: number
  signIns: number
  disconnects: number
  reauthorizations: number
  longestCallMs: number
}

export function noFigures(): Figures {
  return {
    schedules: 0,
    events: 0,
    calls: 0,
    refreshes: 0,
    rotations: 0,
    crashes: 0,
    pauses: 0,
    lostAnswers: 0,
    storeFailures: 0,
    signIns: 0,
    disconnects: 0,
    reauthorizations: 0,
    longestCallMs: 0,
  }
}

interface Scene {
  readonly timeline: Timeline
  readonly model: ProcoreModel
  readonly profile: Profile
  readonly figures: Figures
  /** Whether every step is written down. */
  readonly traced: boolean
}

/** What the world knows and no process does: the facts that the invariants are about. */
export class History {
  readonly timeline: Timeline
  readonly model: ProcoreModel
  readonly profile: Profile
  readonly figures: Figures
  readonly violations: string[] = []
  readonly trace: string[] = []
  row: Row | undefined
  lease: { readonly machine: Machine; readonly owner: string; readonly until: number } | undefined
  /** Refreshes on their way, until the sender knows the outcome. */
  readonly inFlight = new Set<object>()
  signInsStarted = 0
  /** How many sign-ins had begun when the last disconnect began that succeeded. */
  disconnectedAfterSignIns: number | undefined
  disconnectsTried = 0
  questions = 0
  readonly #traced: boolean
  readonly #startedAt: number

  constructor({ timeline, model, profile, figures, traced }: Scene) {
    this.timeline = timeline
    this.model = model
    this.profile = profile
    this.figures = figures
    this.#traced = traced
    this.#startedAt = timeline.now
  }

  note(line: () => string): void {
    if (this.#traced) this.trace.push(`${this.#time()}  ${line()}`)
  }

  /** Records what must not be; `undefined` is as it should be. */
  check(violation: string | undefined): void {
    if (violation === undefined) return
    this.violations.push(`${this.#time()}  ${violation}`)
    this.note(() => `VIOLATION ${violation}`)
  }

  holdsLease(machine: Machine): boolean {
    return this.lease?.machine === machine && this.lease.until > this.timeline.now
  }

  #time(): string {
    return ((this.timeline.now - this.#startedAt) / 1000).toFixed(3).padStart(10)
  }
}
