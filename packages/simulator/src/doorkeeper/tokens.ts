import { randomHex } from '../random.js'
import type { AccessToken, Doorkeeper } from './model.js'

/** The JSON body of a token answer. */
export interface TokenBody {
  readonly access_token: string
  readonly token_type: 'Bearer'
  readonly expires_in: number
  readonly refresh_token?: string
  readonly scope?: string
  /** Epoch seconds. */
  readonly created_at: number
}

/** What a new token is for. */
export interface TokenOrder {
  readonly clientId: string
  readonly userId: string | undefined
  readonly scope: string
  readonly previousRefreshToken?: string | undefined
}

/**
 * Issues an access token; one for a user comes with a refresh token.
 *
 * @param doorkeeper The authorization server.
 * @param order Whom the token is for.
 * @returns The stored token.
 */
export function issueToken(doorkeeper: Doorkeeper, order: TokenOrder): AccessToken {
  const { settings, clock, random } = doorkeeper
  const createdAt = clock.now()
  const token: AccessToken = {
    accessToken: settings.tokenFormat === 'jwt' ? signedLooking(doorkeeper) : randomHex(random),
    refreshToken: order.userId === undefined ? undefined : randomHex(random),
    clientId: order.clientId,
    userId: order.userId,
    scope: order.scope,
    createdAt,
    expiresInSeconds: settings.accessTokenLifetimeSeconds,
    expiresAt: createdAt + settings.accessTokenLifetimeSeconds * 1000,
    revoked: false,
    refreshed: false,
    previousRefreshToken: order.previousRefreshToken,
  }
  doorkeeper.tokens.set(token.accessToken, token)
  if (token.refreshToken !== undefined) {
    doorkeeper.tokensByRefreshToken.set(token.refreshToken, token)
  }
  return token
}

/**
 * Writes a token as the answer of the token endpoint.
 *
 * @param token A token that was just issued.
 * @returns The members in the server's order.
 */
export function describeToken(token: AccessToken): TokenBody {
  return {
    access_token: token.accessToken,
    token_type: 'Bearer',
    expires_in: token.expiresInSeconds,
    ...(token.refreshToken === undefined ? {} : { refresh_token: token.refreshToken }),
    ...(token.scope === '' ? {} : { scope: token.scope }),
    created_at: Math.floor(token.createdAt / 1000),
  }
}

/**
 * Tells whether a token's lifetime is over.
 *
 * @param doorkeeper The authorization server.
 * @param token A stored token.
 * @returns Whether the access token is expired; its refresh token may live on.
 */
export function isExpired(doorkeeper: Doorkeeper, token: AccessToken): boolean {
  return doorkeeper.clock.now() > token.expiresAt
}

/**
 * Tells whether a list of scopes lies within another one.
 *
 * @param scope Space-separated scopes that were asked for.
 * @param allowed Space-separated scopes that may be given.
 * @returns Whether every one is allowed.
 */
export function isScopeWithin(scope: string, allowed: string): boolean {
  const known = new Set(splitScopes(allowed))
  return splitScopes(scope).every((name) => known.has(name))
}

/**
 * Tells whether two lists name the same scopes.
 *
 * @param left Space-separated scopes.
 * @param right Space-separated scopes.
 * @returns Whether they are the same set.
 */
export function isSameScope(left: string, right: string): boolean {
  return isScopeWithin(left, right) && isScopeWithin(right, left)
}

function splitScopes(scope: string): string[] {
  return scope.split(' ').filter((name) => name !== '')
}

function signedLooking({ random, clock }: Doorkeeper): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const bytes = (size: number) => Buffer.from(random(size)).toString('base64url')
  const header = encode({ typ: 'JWT', alg: 'ES512', kid: bytes(32) })
  const payload = encode({ jti: bytes(48), iat: Math.floor(clock.now() / 1000), aud: bytes(96) })
  return `${header}.${payload}.${bytes(132)}`
}
