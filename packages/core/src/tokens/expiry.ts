import type { Clock } from '../clock.js'
import type { TokenSet } from '../token-set.js'

/** The window before expiry in which a token is renewed, as a share of its lifetime, … */
const WINDOW_SHARE = 0.1
/** … and at most this long. */
const MAXIMUM_WINDOW_MS = 5 * 60_000
/** Up to this share of the window is added at random, so that processes do not act together. */
const JITTER_SHARE = 0.5
/** How long a token is used on after its renewal failed, before the next attempt. */
const RETRY_PAUSE_MS = 10_000

/**
 * Tells when tokens expire, by Procore's clock: `created_at + expires_in`. The local clock may be
 * wrong, so the difference is learned from every new answer of the token endpoint.
 */
export class Expiry {
  readonly #clock: Clock
  readonly #random: () => number
  #offsetMs = 0

  /** @param random returns a number from 0 to 1 */
  constructor(clock: Clock, random: () => number) {
    this.#clock = clock
    this.#random = random
  }

  /** Learns from tokens that were issued this moment. */
  observe(tokens: TokenSet): void {
    this.#offsetMs = tokens.issuedAt - this.#clock.now()
  }

  /** Returns when the access token expires, in epoch milliseconds of Procore's clock. */
  expiresAt(tokens: TokenSet): number {
    return tokens.issuedAt + tokens.lifetimeMs
  }

  /**
   * Returns a moment to renew at, a little different each time it is asked. Tokens that could not be
   * renewed in time are tried again after a pause, as long as they live.
   */
  renewAt(tokens: TokenSet): number {
    const end = this.expiresAt(tokens)
    const planned = end - windowMs(tokens) * (1 + JITTER_SHARE * this.#random())
    return this.isBefore(planned) ? planned : Math.min(this.#now() + RETRY_PAUSE_MS, end)
  }

  /** Whether an access token is not yet in the window in which it is renewed. */
  isFresh(tokens: TokenSet): boolean {
    return this.isBefore(this.expiresAt(tokens) - windowMs(tokens))
  }

  /** Whether an access token is past its end. */
  hasExpired(tokens: TokenSet): boolean {
    return !this.isBefore(this.expiresAt(tokens))
  }

  /** Whether a moment of Procore's clock is still to come. */
  isBefore(moment: number): boolean {
    return this.#now() < moment
  }

  #now(): number {
    return this.#clock.now() + this.#offsetMs
  }
}

function windowMs(tokens: TokenSet): number {
  return Math.min(tokens.lifetimeMs * WINDOW_SHARE, MAXIMUM_WINDOW_MS)
}
