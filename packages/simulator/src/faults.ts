import { createRateWindow, type RateWindow } from './rate-window.js'

/** Which requests a fault meets: an endpoint, the whole API origin, or every path that starts so. */
export type FaultTarget =
  | 'token'
  | 'token-info'
  | 'revoke'
  | 'authorize'
  | 'api'
  | 'me'
  | `/${string}`

/** Whether the server fails before it has done its work or after. */
export type FaultMoment = 'before-commit' | 'after-commit'

/** What goes wrong. */
export type FaultKind =
  /** The answer takes `ms` real milliseconds longer; before the work is done unless `when` says otherwise. */
  | { readonly kind: 'latency'; readonly ms: number; readonly when?: FaultMoment }
  /** The connection is cut without an answer. */
  | { readonly kind: 'close'; readonly when: FaultMoment }
  /** Any status; before the work is done unless `when` says otherwise. */
  | {
      readonly kind: 'status'
      readonly status: number
      readonly retryAfterSeconds?: number
      readonly when?: FaultMoment
    }
  /** The next `invalid_grant` is answered with 401 in place of 400. Other answers neither change nor use it up. */
  | { readonly kind: 'unauthorized-invalid-grant' }
  /** `/oauth/revoke` answers 200 and does nothing. */
  | { readonly kind: 'silent-revoke' }
  /** The API refuses a good token: 401 as for a bad token, or 403 with an explanation. */
  | { readonly kind: 'app-not-connected'; readonly status: 401 | 403 }
  /** The HTML error page of a proxy in front of the server; the request never reaches it. */
  | { readonly kind: 'html-error'; readonly status: number }
  /** A rate window; lasts until `clear`, whatever `times` says. */
  | { readonly kind: 'rate-limit'; readonly limit: number; readonly windowSeconds: number }
  /** The work is done, but the body of the answer breaks off in the middle. */
  | { readonly kind: 'malformed-json' }
  /** A redirect in place of the answer; 302 unless `status` says otherwise. */
  | {
      readonly kind: 'redirect'
      readonly location: string
      readonly status?: 301 | 302 | 303 | 307 | 308
    }

/** A fault for the next matching requests. */
export type Fault = FaultKind & {
  /** Which requests it meets. */
  readonly on: FaultTarget
  /** Only token requests with this `grant_type`. */
  readonly grantType?: string
  /** How many requests it meets; default 1, `Infinity` is allowed. */
  readonly times?: number
}

/** The faults of one simulator. They are used up in the order in which they were added. */
export interface Faults {
  /**
   * Adds a fault. A request meets the first matching `latency` and the first matching fault of another kind.
   *
   * @param fault What goes wrong, where and how often.
   */
  add(fault: Fault): void
  /** Removes all faults. */
  clear(): void
}

/** What a fault is matched against. */
export interface FaultCandidate {
  readonly origin: 'login' | 'api'
  readonly path: string
  readonly grantType: string | undefined
}

/** The faults that one request meets. */
export interface MetFaults {
  readonly latency: Extract<FaultKind, { kind: 'latency' }> | undefined
  readonly main: FaultKind | undefined
  readonly rateWindows: readonly RateWindow[]
}

/** The faults together with the side that uses them up. */
export interface FaultQueue {
  readonly faults: Faults
  /** Takes the faults that meet a request on arrival. */
  take(candidate: FaultCandidate): MetFaults
  /** Takes a fault that turns an `invalid_grant` into a 401. */
  takeUnauthorized(candidate: FaultCandidate): boolean
}

interface QueuedFault {
  readonly fault: Fault
  readonly rateWindow: RateWindow | undefined
  left: number
}

/**
 * Creates an empty list of faults.
 *
 * @returns The side that tests write and the side that the servers read.
 */
export function createFaultQueue(): FaultQueue {
  let queue: QueuedFault[] = []
  const takeFirst = (candidate: FaultCandidate, wanted: (fault: Fault) => boolean) => {
    const found = queue.find(({ fault }) => wanted(fault) && meets(fault, candidate))
    if (found === undefined) return undefined
    found.left -= 1
    if (found.left <= 0) queue = queue.filter((queued) => queued !== found)
    return found.fault
  }
  return {
    faults: {
      add(fault) {
        const rateWindow = fault.kind === 'rate-limit' ? createRateWindow(fault) : undefined
        const left = rateWindow === undefined ? (fault.times ?? 1) : Number.POSITIVE_INFINITY
        if (left > 0) queue.push({ fault: { ...fault }, rateWindow, left })
      },
      clear() {
        queue = []
      },
    },
    take(candidate) {
      const latency = takeFirst(candidate, ({ kind }) => kind === 'latency')
      return {
        latency: latency?.kind === 'latency' ? latency : undefined,
        main: takeFirst(candidate, ({ kind }) => !isSpecial(kind)),
        rateWindows: queue.flatMap(({ fault, rateWindow }) =>
          rateWindow !== undefined && meets(fault, candidate) ? [rateWindow] : [],
        ),
      }
    },
    takeUnauthorized: (candidate) =>
      takeFirst(candidate, ({ kind }) => kind === 'unauthorized-invalid-grant') !== undefined,
  }
}

function isSpecial(kind: FaultKind['kind']): boolean {
  return kind === 'latency' || kind === 'rate-limit' || kind === 'unauthorized-invalid-grant'
}

const endpoints: Readonly<Record<string, string>> = {
  token: '/oauth/token',
  'token-info': '/oauth/token/info',
  revoke: '/oauth/revoke',
  authorize: '/oauth/authorize',
  me: '/rest/v1.0/me',
}

function meets(fault: Fault, { origin, path, grantType }: FaultCandidate): boolean {
  if (fault.grantType !== undefined && fault.grantType !== grantType) return false
  if (fault.on === 'api') return origin === 'api'
  return fault.on.startsWith('/') ? path.startsWith(fault.on) : path === endpoints[fault.on]
}
