import { TokenRequestError } from '../../src/errors.js'
import { Secret } from '../../src/redact.js'
import type { TokenSet } from '../../src/token-set.js'
import type { Machine } from './machine.js'
import type { Timeline } from './timeline.js'

/** A token pair, and all that ever happened to it. */
export interface Pair {
  readonly id: number
  readonly tokens: TokenSet
  readonly origin: 'sign-in' | 'refresh'
  /** The pair that was refreshed; in on-use mode it lives until this one is presented. */
  readonly previous: Pair | undefined
  /** How the pair ended; `undefined` while its refresh token works. */
  ended: 'spent' | 'revoked' | 'by-user' | undefined
  /** The process that got the answer; `undefined` when none did. */
  holder: Machine | undefined
  /** Whether the store ever held it. */
  wasStored: boolean
  /** Whether the store refused it, because another pair was there. */
  wasRefused: boolean
  /** Whether somebody asked to revoke it. */
  revokeAsked: boolean
  /** Whether a row of it ever said that a refresh is under way. */
  hadIntent: boolean
  /** Refreshes of it whose answer was lost, or whose sender died. */
  lostAnswers: number
  refreshesSent: number
  reauthorizationEvents: number
  /** Marks that a write took away which its process had given up long before. */
  marksWrittenOver: number
  /** Whether a caller was told 401 for it. */
  wasRejected: boolean
}

/** Doorkeeper's rules for pairs, in both refresh modes. */
export class ProcoreModel {
  readonly pairs: Pair[] = []
  readonly #timeline: Timeline
  readonly #options: { readonly mode: 'strict' | 'on-use'; readonly lifetimeMs: number }

  constructor(
    timeline: Timeline,
    options: { readonly mode: 'strict' | 'on-use'; readonly lifetimeMs: number },
  ) {
    this.#timeline = timeline
    this.#options = options
  }

  issue(previous: Pair | undefined): Pair {
    const id = this.pairs.length
    const pair: Pair = {
      id,
      tokens: {
        accessToken: new Secret(`access-${id}`),
        refreshToken: new Secret(`refresh-${id}`),
        issuedAt: Math.floor(this.#timeline.now / 1000) * 1000,
        lifetimeMs: this.#options.lifetimeMs,
      },
      origin: previous ? 'refresh' : 'sign-in',
      previous,
      ended: undefined,
      holder: undefined,
      wasStored: false,
      wasRefused: false,
      revokeAsked: false,
      hadIntent: false,
      lostAnswers: 0,
      refreshesSent: 0,
      reauthorizationEvents: 0,
      marksWrittenOver: 0,
      wasRejected: false,
    }
    this.pairs.push(pair)
    return pair
  }

  /** Returns the pair that a token belongs to. */
  pairOf(token: string): Pair {
    const pair = this.pairs[Number(token.slice(token.indexOf('-') + 1))]
    if (!pair) throw new Error(`no such token: ${token}`)
    return pair
  }

  refresh(pair: Pair): Pair {
    if (pair.ended) {
      throw new TokenRequestError('ERR_PROCORE_CODE_REJECTED', 'invalid_grant', {
        outcome: 'rejected',
        oauthError: 'invalid_grant',
      })
    }
    if (this.#options.mode === 'strict') pair.ended = 'spent'
    return this.issue(pair)
  }

  /** Presents an access token: the answer of token/info and of the API. */
  present(pair: Pair): 'valid' | 'invalid' {
    if (pair.previous && !pair.ended) pair.previous.ended ??= 'spent'
    return this.works(pair) ? 'valid' : 'invalid'
  }

  /** Does nothing to a pair whose access token has expired, and says so to nobody. */
  revoke(pair: Pair): void {
    pair.revokeAsked = true
    if (!this.hasExpired(pair)) pair.ended ??= 'revoked'
  }

  works(pair: Pair): boolean {
    return !pair.ended && !this.hasExpired(pair)
  }

  hasExpired({ tokens }: Pair): boolean {
    return tokens.issuedAt + tokens.lifetimeMs <= this.#timeline.now
  }
}

/** Whether a pair came of another one by refreshes. */
export function descendsFrom(pair: Pair, ancestor: Pair): boolean {
  for (let one = pair.previous; one; one = one.previous) if (one === ancestor) return true
  return false
}
