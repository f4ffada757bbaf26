import type { ClientCredentials } from './client.js'
import { type Doorkeeper, type Parameters, present } from './model.js'

/** Who stands behind a request, without any secret. */
export interface RequestIdentity {
  /** Client id of a registered application. */
  readonly clientId: string | undefined
  /** Owner of the code or refresh token that was presented. */
  readonly userId: string | undefined
  /** Whether the refresh token had been exchanged before. */
  readonly reusedRefreshToken: boolean
  /** Whether the code had been exchanged before. */
  readonly reusedCode: boolean
}

/**
 * Finds out who stands behind a token request, before it is answered.
 *
 * @param doorkeeper The authorization server.
 * @param request Parameters and client of the request.
 * @returns The identity for the ledger.
 */
export function identifyRequest(
  doorkeeper: Doorkeeper,
  request: {
    readonly parameters: Parameters
    readonly credentials: ClientCredentials | undefined
  },
): RequestIdentity {
  const { parameters, credentials } = request
  const grantType = present(parameters, 'grant_type')
  const pick = (type: string, name: string) =>
    grantType === type ? (present(parameters, name) ?? '') : ''
  const grant = doorkeeper.grants.get(pick('authorization_code', 'code'))
  const token = doorkeeper.tokensByRefreshToken.get(pick('refresh_token', 'refresh_token'))
  return {
    clientId: doorkeeper.applications.get(credentials?.clientId ?? '')?.clientId,
    userId: grant?.userId ?? token?.userId,
    reusedRefreshToken: token?.refreshed ?? false,
    reusedCode: grant?.used ?? false,
  }
}
