import type { Secret } from '../redact.js'

/** An access token that may be used now. */
export interface UsableToken {
  readonly accessToken: Secret
  /** Names the pair that it belongs to. */
  readonly generation: string
}

/** Where the API client gets its tokens from. */
export interface TokenSource {
  /** Returns a token that is not about to expire. */
  use(): Promise<UsableToken>
  /** Returns a token newer than one that the API answered 401 to. */
  replace(rejected: UsableToken): Promise<UsableToken>
  /** Asks Procore whether a token that the API answered 401 to is valid all the same. */
  confirm(token: UsableToken): Promise<'valid' | 'invalid'>
}
