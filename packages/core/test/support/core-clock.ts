import type { Clock } from '../../src/clock.js'

interface Sleeper {
  readonly at: number
  readonly wake: () => void
}

/** A clock that stands still until it is moved. Sleepers move it themselves unless it is held. */
export class TestClock implements Clock {
  /** What was asked of `sleep`, in order. */
  readonly slept: number[] = []
  /** While true, sleepers wait for `advance`. */
  held = false
  #now = Date.UTC(2026, 5, 1, 12)
  #sleepers: Sleeper[] = []

  now(): number {
    return this.#now
  }

  /** A sleep that can be broken off goes on beside the work, and moves nothing. */
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const at = this.#now + ms
    if (!signal) this.slept.push(ms)
    if (!signal && !this.held) setImmediate(() => this.advance(Math.max(0, at - this.#now)))
    return new Promise((resolve) => {
      const wake = (): void => {
        signal?.removeEventListener('abort', wake)
        resolve()
      }
      this.#sleepers.push({ at, wake })
      signal?.addEventListener('abort', wake)
    })
  }

  advance(ms: number): void {
    this.#now += ms
    const due = this.#sleepers.filter(({ at }) => at <= this.#now)
    this.#sleepers = this.#sleepers.filter(({ at }) => at > this.#now)
    for (const { wake } of due) wake()
  }
}

/** The same time, wrong by `offsetMs`. */
export function shifted(clock: Clock, offsetMs: number): Clock {
  return { now: () => clock.now() + offsetMs, sleep: (ms, signal) => clock.sleep(ms, signal) }
}

export const SECOND = 1_000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
