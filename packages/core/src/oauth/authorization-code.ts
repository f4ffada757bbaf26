import type { Secret } from '../redact.js'
import type { TokenSet } from '../token-set.js'
import type { OAuthClient } from './client.js'
import { requestTokens } from './token-request.js'

/**
 * Exchanges an authorization code for tokens (RFC 6749, section 4.1.3).
 *
 * @param granted `redirectUri`: the one that the code was asked for with; `parameters`: sent along
 * @throws {TokenRequestError} `ERR_PROCORE_CODE_REJECTED` when the code is spent or older than ten
 *   minutes
 */
export function exchangeAuthorizationCode(
  client: OAuthClient,
  granted: {
    readonly code: Secret
    readonly redirectUri: string
    readonly parameters?: Readonly<Record<string, string>>
  },
): Promise<TokenSet> {
  return requestTokens(client, {
    grantType: 'authorization_code',
    parameters: {
      ...granted.parameters,
      code: granted.code.reveal(),
      redirect_uri: granted.redirectUri,
    },
  })
}
