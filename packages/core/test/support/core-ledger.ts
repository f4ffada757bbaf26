import { setImmediate as turn } from 'node:timers/promises'
import type { Clock } from '../../src/clock.js'
import { ProcoreAuthError, TokenRequestError } from '../../src/errors.js'
import { Secret } from '../../src/redact.js'
import type { TokenSet } from '../../src/token-set.js'

interface Pair {
  readonly tokens: TokenSet
  /** The pair that this one replaced; in on-use mode it lives until this one is presented. */
  readonly previous: Pair | undefined
  revoked: boolean
}

/** Stands in the way of one request; `act` is what the server would do. */
export type Obstacle<Answer> = (act: () => Answer) => Answer | Promise<Answer>

/** The pairs that a Doorkeeper knows, in both of its refresh modes, by its own clock. */
export class Ledger {
  lifetimeMs: number
  readonly refreshes: string[] = []
  readonly revocations: string[] = []
  readonly inspections: string[] = []
  serviceRequests = 0
  /** Met by the next requests, in order. */
  readonly nextRefresh: Obstacle<TokenSet>[] = []
  readonly nextServiceRequest: Obstacle<TokenSet>[] = []
  readonly nextRevoke: Obstacle<void>[] = []
  readonly nextInspect: Obstacle<'valid' | 'invalid'>[] = []
  readonly #clock: Clock
  readonly #mode: 'strict' | 'on-use'
  readonly #pairs: Pair[] = []

  constructor(options: { clock: Clock; mode?: 'strict' | 'on-use'; lifetimeMs?: number }) {
    this.#clock = options.clock
    this.#mode = options.mode ?? 'strict'
    this.lifetimeMs = options.lifetimeMs ?? 5_400_000
  }

  /** What an authorization brings. */
  issue(): TokenSet {
    return this.#issue(undefined)
  }

  /** Whether a call to the API with this access token would succeed. */
  honours(accessToken: Secret): boolean {
    const pair = this.#byAccessToken(accessToken)
    return pair !== undefined && this.#isAlive(pair)
  }

  /** Whether a refresh token would still bring a pair. */
  wouldRefresh(refreshToken: Secret | undefined): boolean {
    const pair = this.#pairs.find(
      (one) => one.tokens.refreshToken?.reveal() === refreshToken?.reveal(),
    )
    return pair !== undefined && !pair.revoked
  }

  /** Access and refresh tokens that work. */
  alive(): number {
    return this.#pairs.filter((pair) => !pair.revoked).length
  }

  readonly refresh = async (refreshToken: Secret): Promise<TokenSet> => {
    this.refreshes.push(refreshToken.reveal())
    return meet(this.nextRefresh, () => {
      const value = refreshToken.reveal()
      const pair = this.#pairs.find((one) => one.tokens.refreshToken?.reveal() === value)
      if (!pair || pair.revoked) throw rejected('invalid_grant')
      if (this.#mode === 'strict') pair.revoked = true
      return this.#issue(pair)
    })
  }

  readonly requestServiceTokens = async (): Promise<TokenSet> => {
    this.serviceRequests += 1
    return meet(this.nextServiceRequest, () => ({
      ...this.#issue(undefined),
      refreshToken: undefined,
    }))
  }

  /** Answers like Doorkeeper: nothing happens to a pair whose access token has expired. */
  readonly revoke = async (accessToken: Secret): Promise<void> => {
    this.revocations.push(accessToken.reveal())
    return meet(this.nextRevoke, () => {
      const pair = this.#byAccessToken(accessToken)
      if (pair && !this.#hasExpired(pair)) pair.revoked = true
    })
  }

  readonly inspect = async (accessToken: Secret): Promise<'valid' | 'invalid'> => {
    this.inspections.push(accessToken.reveal())
    return meet(this.nextInspect, () => {
      const pair = this.#byAccessToken(accessToken)
      if (pair?.previous && !pair.revoked) pair.previous.revoked = true
      return pair && this.#isAlive(pair) ? 'valid' : 'invalid'
    })
  }

  #issue(previous: Pair | undefined): TokenSet {
    const number = this.#pairs.length + 1
    const tokens: TokenSet = {
      accessToken: new Secret(`access-${number}`),
      refreshToken: new Secret(`refresh-${number}`),
      issuedAt: Math.floor(this.#clock.now() / 1000) * 1000,
      lifetimeMs: this.lifetimeMs,
    }
    this.#pairs.push({ tokens, previous, revoked: false })
    return tokens
  }

  #byAccessToken(accessToken: Secret): Pair | undefined {
    return this.#pairs.find(({ tokens }) => tokens.accessToken.reveal() === accessToken.reveal())
  }

  #isAlive(pair: Pair): boolean {
    return !pair.revoked && !this.#hasExpired(pair)
  }

  #hasExpired({ tokens }: Pair): boolean {
    return tokens.issuedAt + tokens.lifetimeMs <= this.#clock.now()
  }
}

async function meet<Answer>(obstacles: Obstacle<Answer>[], act: () => Answer): Promise<Answer> {
  await turn()
  return (obstacles.shift() ?? ((go) => go()))(act)
}

/** The error of a request that Procore answered with an OAuth error. */
export function rejected(oauthError: string): TokenRequestError {
  return new TokenRequestError('ERR_PROCORE_CODE_REJECTED', oauthError, {
    outcome: 'rejected',
    oauthError,
  })
}

/** The error of a request whose answer did not come. */
export function lost(): TokenRequestError {
  return new TokenRequestError('ERR_PROCORE_TOKEN_RESPONSE_LOST', 'lost', { outcome: 'unknown' })
}

/** The error of a request that found no way to Procore. */
export function notSent(): TokenRequestError {
  return new TokenRequestError('ERR_PROCORE_TOKEN_ENDPOINT_UNREACHABLE', 'not sent', {
    outcome: 'not-sent',
  })
}

/** The error of an inspection or a revocation without a clear answer. */
export function noAnswer(): ProcoreAuthError {
  return new ProcoreAuthError('ERR_PROCORE_TOKEN_ENDPOINT_UNREACHABLE', 'no answer')
}
