import { setTimeout as delay } from 'node:timers/promises'

/** Where time comes from; injected so that tests can move it. */
export interface Clock {
  /** Returns the current time in epoch milliseconds. */
  now(): number
  /** Resolves after `ms` milliseconds. */
  sleep(ms: number): Promise<void>
  /**
   * Resolves after `ms` milliseconds or as soon as the signal aborts, beside other work: leases are
   * renewed by it. A clock that only moves when it is told to may leave it out; then real time counts.
   */
  pause?(ms: number, signal: AbortSignal): Promise<void>
}

/**
 * The machine's own clock. A sleep keeps the process alive: somebody waits for what follows, such as
 * the next try to store a pair.
 */
export const systemClock: Required<Clock> = {
  now: () => Date.now(),
  sleep: (ms) => delay(ms),
  pause: async (ms, signal) => {
    // Woken early is paused enough; nothing else makes a delay fail.
    await delay(ms, undefined, { signal }).catch(() => undefined)
  },
}
