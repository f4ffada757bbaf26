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

  sleep(ms: number): Promise<void> {
    const at = this.#now + ms
    this.slept.push(ms)
    if (!this.held) setImmediate(() => this.advance(Math.max(0, at - this.#now)))
    return new Promise((wake) => this.#sleepers.push({ at, wake }))
  }

  /** Goes on beside the work, and moves nothing. */
  pause(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        signal.removeEventListener('abort', wake)
        resolve()
      }
      this.#sleepers.push({ at: this.#now + ms, wake })
      signal.addEventListener('abort', wake)
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
export function shifted(clock: Required<Clock>, offsetMs: number): Required<Clock> {
  return {
    now: () => clock.now() + offsetMs,
    sleep: (ms) => clock.sleep(ms),
    pause: (ms, signal) => clock.pause(ms, signal),
  }
}

export const SECOND = 1_000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
