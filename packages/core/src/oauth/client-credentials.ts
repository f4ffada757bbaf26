import type { TokenSet } from '../token-set.js'
import type { OAuthClient } from './client.js'
import { requestTokens } from './token-request.js'

/**
 * Asks for an access token of the Developer Managed Service Account (RFC 6749, section 4.4). There
 * is no refresh token; an older access token stays valid.
 */
export function requestServiceTokens(client: OAuthClient): Promise<TokenSet> {
  return requestTokens(client, {
    grantType: 'client_credentials',
    parameters: client.scope === undefined ? {} : { scope: client.scope },
  })
}
