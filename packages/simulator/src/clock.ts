/** The time of one simulator: real time plus an offset that tests move. */
export interface SimulatorClock {
  /** The current simulated time in epoch milliseconds. */
  now(): number
  /**
   * Moves the simulated time.
   *
   * @param ms Milliseconds to add; every lifetime and rate window follows at once.
   */
  advance(ms: number): void
}

/**
 * Creates a clock that runs with real time.
 *
 * @returns A clock with an offset of zero.
 */
export function createClock(): SimulatorClock {
  let offset = 0
  return {
    now: () => Date.now() + offset,
    advance(ms) {
      offset += ms
    },
  }
}
