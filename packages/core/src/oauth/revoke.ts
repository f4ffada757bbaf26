import * as oauth from 'oauth4webapi'
import { ProcoreAuthError } from '../errors.js'
import type { Secret } from '../redact.js'
import { authorizationServer, clientAuth, type OAuthClient, requestOptions } from './client.js'

/**
 * Revokes an access token and with it the refresh token of its pair (RFC 7009, section 2.1). Procore
 * answers 200 also when it did nothing, so check with {@link inspectAccessToken} afterwards.
 *
 * @throws {ProcoreAuthError} `ERR_PROCORE_DISCONNECT_FAILED` when the answer is not 200
 */
export async function revokeToken(client: OAuthClient, token: Secret): Promise<void> {
  try {
    const response = await oauth.revocationRequest(
      authorizationServer(client),
      { client_id: client.clientId },
      clientAuth(client),
      token.reveal(),
      requestOptions(client),
    )
    await oauth.processRevocationResponse(response)
    await response.body?.cancel()
  } catch (error) {
    // The error may hold the response, so it is named and not kept.
    const reason = error instanceof Error ? error.name : 'unknown'
    throw new ProcoreAuthError(
      'ERR_PROCORE_DISCONNECT_FAILED',
      `Procore did not revoke the token (${reason}): the grant is kept, try again`,
    )
  }
}
