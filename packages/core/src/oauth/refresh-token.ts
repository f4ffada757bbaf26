import type { Secret } from '../redact.js'
import type { TokenSet } from '../token-set.js'
import type { OAuthClient } from './client.js'
import { requestTokens } from './token-request.js'

/**
 * Exchanges a refresh token for a new pair (RFC 6749, section 6). The token is single-use: whatever
 * comes back, treat it as spent unless the error says `not-sent`.
 *
 * @param redirectUri Procore documents it for this grant too
 */
export function refreshTokens(
  client: OAuthClient,
  request: { readonly refreshToken: Secret; readonly redirectUri: string | undefined },
): Promise<TokenSet> {
  const { refreshToken, redirectUri } = request
  return requestTokens(client, {
    grantType: 'refresh_token',
    parameters: {
      refresh_token: refreshToken.reveal(),
      ...(redirectUri !== undefined && { redirect_uri: redirectUri }),
    },
  })
}
