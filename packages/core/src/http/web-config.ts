import type { AuthRequest } from '../auth-request.js'
import type { Secret } from '../redact.js'

/** What a login in a browser needs, wherever it ends. */
export interface LoginConfig {
  readonly secrets: readonly Secret[]
  /** Without a slash at its end. */
  readonly basePath: string
  readonly defaultReturnTo: string
  readonly loginMaxAgeMs: number
  /** Whether error pages show what a developer should do; not in production. */
  readonly showsDetails: boolean
}

/** What web sign-in needs beyond the client: options, checked and with their defaults. */
export interface WebConfig extends LoginConfig {
  /** As it was registered, to the letter. */
  readonly redirectUri: string
  /** The same, taken apart. */
  readonly callbackUrl: URL
  readonly sessionMaxAgeMs: number
  readonly principal: ((request: AuthRequest) => string | undefined) | undefined
}
