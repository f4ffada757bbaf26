import * as oauth from 'oauth4webapi'
import type { Clock } from '../clock.js'
import type { Secret } from '../redact.js'

/** A `fetch` that opens a connection of its own for each request and never follows a redirect. */
export type TokenFetch = (url: string, init: RequestInit) => Promise<Response>

/** Everything the functions of this folder need. */
export interface OAuthClient {
  readonly loginOrigin: string
  readonly clientId: string
  readonly clientSecret: Secret
  readonly scope: string | undefined
  readonly fetch: TokenFetch
  readonly timeoutMs: number
  readonly clock: Clock
}

/** The redirect URI of installed apps: Procore shows the code instead of redirecting. */
export const OUT_OF_BAND = 'urn:ietf:wg:oauth:2.0:oob'

/** Describes Procore's login server to oauth4webapi. */
export function authorizationServer(client: OAuthClient): oauth.AuthorizationServer {
  return {
    issuer: client.loginOrigin,
    authorization_endpoint: `${client.loginOrigin}/oauth/authorize`,
    token_endpoint: `${client.loginOrigin}/oauth/token`,
    revocation_endpoint: `${client.loginOrigin}/oauth/revoke`,
  }
}

/** Returns the credentials in the body: the one place where Procore documents them. */
export function clientAuth(client: OAuthClient): oauth.ClientAuth {
  return oauth.ClientSecretPost(client.clientSecret.reveal())
}

/** Returns options for one request: our transport, a time-out, and plain HTTP where configured. */
export function requestOptions(client: OAuthClient): {
  signal: AbortSignal
  [oauth.customFetch]: TokenFetch
  [oauth.allowInsecureRequests]: boolean
} {
  return {
    signal: AbortSignal.timeout(client.timeoutMs),
    [oauth.customFetch]: client.fetch,
    // Options allow an http: origin on loopback only.
    [oauth.allowInsecureRequests]: client.loginOrigin.startsWith('http:'),
  }
}
