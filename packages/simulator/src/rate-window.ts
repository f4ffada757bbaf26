/** What a client reads about a rate window. */
export interface RateReading {
  readonly limit: number
  /** Requests that are left. */
  readonly remaining: number
  /** Epoch seconds at which the window starts anew. */
  readonly resetAtSeconds: number
  /** Whether the request that was just counted is one too many. */
  readonly exceeded: boolean
}

/** A number of requests in a span of time, counted from the first. */
export interface RateWindow {
  readonly windowSeconds: number
  /**
   * Counts a request.
   *
   * @param now Epoch milliseconds.
   */
  count(now: number): RateReading
}

/**
 * Creates a window that starts with the first request.
 *
 * @param size Number of requests and length of the window in seconds.
 * @returns The window.
 */
export function createRateWindow(size: {
  readonly limit: number
  readonly windowSeconds: number
}): RateWindow {
  const { limit, windowSeconds } = size
  let endsAt = Number.NEGATIVE_INFINITY
  let used = 0
  return {
    windowSeconds,
    count(now) {
      if (now >= endsAt) {
        endsAt = Math.ceil(now / 1000) * 1000 + windowSeconds * 1000
        used = 0
      }
      used += 1
      return {
        limit,
        remaining: Math.max(0, limit - used),
        resetAtSeconds: endsAt / 1000,
        exceeded: used > limit,
      }
    },
  }
}

/**
 * Picks the reading that a client has to heed.
 *
 * @param readings Readings of all windows that counted the request.
 * @returns The one with the fewest requests left; of several the one that lasts longest.
 */
export function nearestReading(readings: readonly RateReading[]): RateReading | undefined {
  const urgency = (reading: RateReading) => (reading.exceeded ? -1 : reading.remaining)
  return [...readings].sort(
    (left, right) => urgency(left) - urgency(right) || right.resetAtSeconds - left.resetAtSeconds,
  )[0]
}

/**
 * Writes the rate-limit headers.
 *
 * @param reading The reading of the nearer window.
 * @returns Header names and values.
 */
export function rateHeaders(reading: RateReading): Readonly<Record<string, string>> {
  return {
    'X-Rate-Limit-Limit': String(reading.limit),
    'X-Rate-Limit-Remaining': String(reading.remaining),
    'X-Rate-Limit-Reset': String(reading.resetAtSeconds),
  }
}
