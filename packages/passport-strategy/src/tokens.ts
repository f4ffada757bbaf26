import { isProcoreAuthError, type PendingSignIn } from '@procore-auth/core'
import type { TokenParameters } from './types.js'

/** What passport-oauth2 wants to be sent along with a code. */
export type WireParameters = Readonly<Record<string, string>>

/** What passport-oauth2 wants to be told of an exchange. */
export type TokensDone = (
  error: object | null,
  ...result: readonly [] | readonly [string, string | undefined, TokenParameters]
) => void

/** Returns tokens as node-oauth does. */
export function tokenResult(
  tokens: PendingSignIn['tokens'],
): readonly [string, string | undefined, TokenParameters] {
  const accessToken = tokens.accessToken.reveal()
  const parameters: TokenParameters = {
    access_token: accessToken,
    token_type: 'Bearer',
    expires_in: tokens.lifetimeMs / 1000,
    created_at: Math.floor(tokens.issuedAt / 1000),
  }
  return [accessToken, tokens.refreshToken?.reveal(), parameters]
}

/**
 * Returns a failed exchange as node-oauth does: a refusal of Procore as its answer, of which
 * `parseErrorResponse` makes a `TokenError`; anything else as it is, for an `InternalOAuthError`.
 */
export function tokenFailure(reason: unknown): object {
  if (isProcoreAuthError(reason) && 'oauthError' in reason && reason.oauthError !== undefined) {
    const body = { error: reason.oauthError, error_description: reason.message }
    return { statusCode: 400, data: JSON.stringify(body) }
  }
  return reason instanceof Error ? reason : new Error('The code could not be exchanged')
}
