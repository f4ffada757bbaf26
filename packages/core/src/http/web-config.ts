import type { Secret } from '../redact.js'
import type { AuthRequest } from './types.js'

/** What web sign-in needs beyond the client: options, checked and with their defaults. */
export interface WebConfig {
  readonly redirectUri: URL
  readonly secrets: readonly Secret[]
  /** Without a slash at its end. */
  readonly basePath: string
  readonly defaultReturnTo: string
  readonly sessionMaxAgeMs: number
  readonly loginMaxAgeMs: number
  readonly principal: ((request: AuthRequest) => string | undefined) | undefined
  /** Whether error pages show what a developer should do; not in production. */
  readonly showsDetails: boolean
}
