import { failToken, type OAuthFailure } from './failure.js'
import type { AccessToken, Doorkeeper } from './model.js'
import { isExpired } from './tokens.js'

/** The JSON body of `GET /oauth/token/info`. */
export interface TokenInfoBody {
  readonly resource_owner_id: number | null
  readonly scope: readonly string[]
  /** Seconds that are left. */
  readonly expires_in: number
  readonly application: { readonly uid: string }
  /** Epoch seconds. */
  readonly created_at: number
}

/**
 * Looks up the access token that a request presents. To present a token counts as its use, whatever the answer:
 * the pair that it replaced dies now.
 *
 * @param doorkeeper The authorization server.
 * @param accessToken What the request carries.
 * @returns The stored token, or `undefined` for an unknown one.
 */
export function presentToken(
  doorkeeper: Doorkeeper,
  accessToken: string | undefined,
): AccessToken | undefined {
  const token = accessToken === undefined ? undefined : doorkeeper.tokens.get(accessToken)
  if (token?.previousRefreshToken === undefined) return token
  const previous = doorkeeper.tokensByRefreshToken.get(token.previousRefreshToken)
  if (previous !== undefined) previous.revoked = true
  token.previousRefreshToken = undefined
  return token
}

/**
 * Decides whether a presented token opens the API.
 *
 * @param doorkeeper The authorization server.
 * @param token The token from {@link presentToken}.
 * @returns The live token, or why it is refused.
 */
export function authorizeToken(
  doorkeeper: Doorkeeper,
  token: AccessToken | undefined,
): { readonly ok: true; readonly token: AccessToken } | OAuthFailure {
  if (token === undefined) return failToken()
  if (token.revoked) return failToken('The access token was revoked')
  if (isExpired(doorkeeper, token)) return failToken('The access token expired')
  return { ok: true, token }
}

/**
 * Describes a presented token for `token/info`, which does not say why it refuses.
 *
 * @param doorkeeper The authorization server.
 * @param token The token from {@link presentToken}.
 * @returns The description, or the refusal.
 */
export function inspectToken(
  doorkeeper: Doorkeeper,
  token: AccessToken | undefined,
): { readonly ok: true; readonly body: TokenInfoBody } | OAuthFailure {
  const checked = authorizeToken(doorkeeper, token)
  if (!checked.ok) return failToken()
  const { userId, scope, expiresAt, clientId, createdAt } = checked.token
  return {
    ok: true,
    body: {
      resource_owner_id: userId === undefined ? null : Number(userId),
      scope: scope === '' ? [] : scope.split(' '),
      expires_in: Math.max(0, Math.round((expiresAt - doorkeeper.clock.now()) / 1000)),
      application: { uid: clientId },
      created_at: Math.floor(createdAt / 1000),
    },
  }
}
