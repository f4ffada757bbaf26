import type { OAuthClient } from './client.js'

/**
 * Builds the URL that asks a user for access (RFC 6749, section 4.1.1).
 *
 * @param client the application
 * @param request `redirectUri` as registered; `state` for web sign-in, none out of band
 */
export function authorizationUrl(
  client: OAuthClient,
  request: { readonly redirectUri: string; readonly state?: string },
): string {
  const url = new URL('/oauth/authorize', client.loginOrigin)
  url.searchParams.set('response_type', 'code')
  url.searchParams.set('client_id', client.clientId)
  url.searchParams.set('redirect_uri', request.redirectUri)
  if (request.state !== undefined) url.searchParams.set('state', request.state)
  if (client.scope !== undefined) url.searchParams.set('scope', client.scope)
  return url.href
}
