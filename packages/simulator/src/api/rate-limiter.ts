import {
  createRateWindow,
  nearestReading,
  type RateReading,
  type RateWindow,
} from '../rate-window.js'

/** Requests that an application may send to the API. */
export interface RateLimits {
  /** Requests in an hour. */
  readonly perHour: number
  /** Requests in ten seconds. */
  readonly perTenSeconds: number
}

/** Counts the requests of every application. */
export interface RateLimiter {
  /**
   * Counts a request.
   *
   * @param request Who sent it and when, and the windows that faults put in place of the usual ones.
   */
  count(request: {
    readonly clientId: string
    readonly now: number
    readonly faultWindows: readonly RateWindow[]
  }): RateReading
}

const hourSeconds = 3600

/**
 * Creates the limiter of the API: an hourly window and one of ten seconds for each application.
 *
 * @param limits Size of the windows.
 * @returns The limiter.
 */
export function createRateLimiter(limits: RateLimits): RateLimiter {
  const windows = new Map<string, readonly RateWindow[]>()
  const windowsOf = (clientId: string) => {
    const known = windows.get(clientId)
    if (known !== undefined) return known
    const fresh = [
      createRateWindow({ limit: limits.perHour, windowSeconds: hourSeconds }),
      createRateWindow({ limit: limits.perTenSeconds, windowSeconds: 10 }),
    ]
    windows.set(clientId, fresh)
    return fresh
  }
  return {
    count({ clientId, now, faultWindows }) {
      const usual = windowsOf(clientId).filter(
        (window) => !faultWindows.some((fault) => isLong(fault) === isLong(window)),
      )
      const readings = [...usual, ...faultWindows].map((window) => window.count(now))
      const nearest = nearestReading(readings)
      if (nearest === undefined) throw new Error('A rate limiter always has a window.')
      return nearest
    },
  }
}

function isLong({ windowSeconds }: RateWindow): boolean {
  return windowSeconds >= hourSeconds
}
