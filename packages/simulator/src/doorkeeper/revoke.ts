import { authenticateClient, type ClientCredentials } from './client.js'
import { fail, type OAuthFailure } from './failure.js'
import { type Doorkeeper, type Parameters, present } from './model.js'
import { isExpired } from './tokens.js'

/**
 * Answers a request to the revocation endpoint. A pair whose access token is expired is left as it is, also when the
 * answer is a success.
 *
 * @param doorkeeper The authorization server.
 * @param request Parameters and client of the request.
 * @returns Success, also for an unknown token; a refusal for the token of another client.
 */
export function revokeToken(
  doorkeeper: Doorkeeper,
  request: {
    readonly parameters: Parameters
    readonly credentials: ClientCredentials | undefined
  },
): { readonly ok: true } | OAuthFailure {
  const value = present(request.parameters, 'token') ?? ''
  const token = doorkeeper.tokens.get(value) ?? doorkeeper.tokensByRefreshToken.get(value)
  if (token === undefined) return { ok: true }
  const client = authenticateClient(doorkeeper, request.credentials)
  if (client?.clientId !== token.clientId) return fail('unauthorized_client')
  if (!isExpired(doorkeeper, token)) token.revoked = true
  return { ok: true }
}

/**
 * Disconnects a user: every token is revoked and every open code is void, so that consent is asked for again.
 *
 * @param doorkeeper The authorization server.
 * @param userId Id of the user.
 */
export function disconnectUser(doorkeeper: Doorkeeper, userId: string): void {
  for (const token of doorkeeper.tokens.values()) {
    if (token.userId === userId) token.revoked = true
  }
  for (const grant of doorkeeper.grants.values()) {
    if (grant.userId === userId) doorkeeper.grants.delete(grant.code)
  }
}

/**
 * Ends the lifetime of every access token; refresh tokens live on.
 *
 * @param doorkeeper The authorization server.
 */
export function expireTokens(doorkeeper: Doorkeeper): void {
  const past = doorkeeper.clock.now() - 1
  for (const token of doorkeeper.tokens.values()) {
    token.expiresAt = Math.min(token.expiresAt, past)
  }
}
