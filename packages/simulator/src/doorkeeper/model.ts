import type { SimulatorClock } from '../clock.js'
import type { RandomBytes } from '../random.js'

/** How a refresh treats the pair that it replaces: dead at once, or when the new pair is used. */
export type RefreshMode = 'strict' | 'on-use'

/** The shape of issued access tokens. */
export type TokenFormat = 'opaque' | 'jwt'

/** The redirect URI of applications without a browser callback. */
export const outOfBandUri = 'urn:ietf:wg:oauth:2.0:oob'

/** A registered application. */
export interface Application {
  readonly clientId: string
  readonly clientSecret: string
  readonly name: string
  readonly redirectUris: readonly string[]
}

/** An authorization code that was handed out. */
export interface AccessGrant {
  readonly code: string
  readonly clientId: string
  readonly userId: string
  readonly redirectUri: string
  readonly scope: string
  /** Epoch milliseconds after which the code is expired. */
  readonly expiresAt: number
  readonly codeChallenge: string | undefined
  readonly codeChallengeMethod: string | undefined
  used: boolean
}

/** An access token and, for users, its refresh token. */
export interface AccessToken {
  readonly accessToken: string
  readonly refreshToken: string | undefined
  readonly clientId: string
  /** `undefined` for client credentials. */
  readonly userId: string | undefined
  readonly scope: string
  /** Epoch milliseconds. */
  readonly createdAt: number
  readonly expiresInSeconds: number
  /** Epoch milliseconds after which the access token is expired. */
  expiresAt: number
  revoked: boolean
  /** Whether the refresh token has been exchanged. */
  refreshed: boolean
  /** The refresh token that this pair replaced, until this pair is used; `on-use` only. */
  previousRefreshToken: string | undefined
}

/** Settings that tests may change at run time. */
export interface DoorkeeperSettings {
  refreshMode: RefreshMode
  accessTokenLifetimeSeconds: number
  readonly tokenFormat: TokenFormat
  /** Scopes of the server, space-separated; empty when answers carry none. */
  readonly scope: string
  readonly pkce: boolean
}

/** All state of the authorization server. */
export interface Doorkeeper {
  readonly settings: DoorkeeperSettings
  readonly clock: SimulatorClock
  readonly random: RandomBytes
  readonly applications: ReadonlyMap<string, Application>
  readonly grants: Map<string, AccessGrant>
  readonly tokens: Map<string, AccessToken>
  readonly tokensByRefreshToken: Map<string, AccessToken>
}

/** Request parameters after decoding; of several with one name the last counts. */
export type Parameters = ReadonlyMap<string, string>

/**
 * Reads a parameter that has to say something.
 *
 * @param parameters Decoded request parameters.
 * @param name Name of the parameter.
 * @returns The value, or `undefined` when it is missing or blank.
 */
export function present(parameters: Parameters, name: string): string | undefined {
  const value = parameters.get(name)
  return value === undefined || value.trim() === '' ? undefined : value
}
