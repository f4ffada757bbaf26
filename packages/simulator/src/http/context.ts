import type { FaultKind } from '../faults.js'
import type { LedgerDraft } from '../ledger.js'
import type { RateWindow } from '../rate-window.js'
import type { MalformedRequest, RequestParameters } from './parameters.js'

/** What the routes know about a request besides the request itself. */
export interface RequestContext {
  readonly parameters: RequestParameters | MalformedRequest
  /** The ledger entry; routes add who it was and how it ended. */
  readonly entry: LedgerDraft
  /** A fault that a route carries out. */
  readonly fault: FaultKind | undefined
  /** Rate windows that faults have opened. */
  readonly rateWindows: readonly RateWindow[]
}

/** The environment of every route. */
export interface RouteEnv {
  Bindings: { readonly context: RequestContext }
}
