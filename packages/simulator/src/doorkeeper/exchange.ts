import { createHash } from 'node:crypto'
import { authenticateClient, type ClientCredentials } from './client.js'
import { fail, failMissing, type OAuthFailure } from './failure.js'
import { type AccessGrant, type Doorkeeper, type Parameters, present } from './model.js'
import { isSameRedirectUri } from './redirect-uri.js'
import { describeToken, isScopeWithin, issueToken, type TokenBody } from './tokens.js'

/** A request to the token endpoint. */
export interface TokenRequest {
  readonly parameters: Parameters
  readonly credentials: ClientCredentials | undefined
}

/** A token that was issued. */
export interface TokenAnswer {
  readonly ok: true
  readonly body: TokenBody
  readonly userId: string | undefined
}

/**
 * Answers a request to the token endpoint.
 *
 * @param doorkeeper The authorization server.
 * @param request Parameters and client of the request.
 * @returns The token, or why there is none.
 */
export function exchange(
  doorkeeper: Doorkeeper,
  request: TokenRequest,
): TokenAnswer | OAuthFailure {
  switch (present(request.parameters, 'grant_type')) {
    case 'authorization_code':
      return exchangeCode(doorkeeper, request)
    case 'refresh_token':
      return exchangeRefreshToken(doorkeeper, request)
    case 'client_credentials':
      return exchangeClientCredentials(doorkeeper, request)
    case undefined:
      return echoState(failMissing('grant_type'), request)
    default:
      return echoState(fail('unsupported_grant_type'), request)
  }
}

function exchangeCode(doorkeeper: Doorkeeper, request: TokenRequest): TokenAnswer | OAuthFailure {
  const { parameters } = request
  const code = present(parameters, 'code')
  if (code === undefined) return echoState(failMissing('code'), request)
  const grant = doorkeeper.grants.get(code)
  const verifier = present(parameters, 'code_verifier')
  if (grant?.codeChallenge !== undefined && verifier === undefined) {
    return failMissing('code_verifier')
  }
  const redirectUri = present(parameters, 'redirect_uri')
  if (redirectUri === undefined) return failMissing('redirect_uri')
  const client = authenticateClient(doorkeeper, request.credentials)
  if (client === undefined) return fail('invalid_client')
  if (
    grant === undefined ||
    grant.used ||
    doorkeeper.clock.now() > grant.expiresAt ||
    grant.clientId !== client.clientId ||
    !isSameRedirectUri(redirectUri, grant.redirectUri) ||
    (doorkeeper.settings.pkce && !answersChallenge(grant, verifier))
  ) {
    return fail('invalid_grant')
  }
  grant.used = true
  const token = issueToken(doorkeeper, grant)
  return { ok: true, body: describeToken(token), userId: grant.userId }
}

function exchangeRefreshToken(
  doorkeeper: Doorkeeper,
  request: TokenRequest,
): TokenAnswer | OAuthFailure {
  const { parameters, credentials } = request
  const refreshToken = present(parameters, 'refresh_token')
  if (refreshToken === undefined) return failMissing('refresh_token')
  const token = doorkeeper.tokensByRefreshToken.get(refreshToken)
  if (token === undefined || token.revoked) return fail('invalid_grant')
  const client = authenticateClient(doorkeeper, credentials)
  if (credentials !== undefined && client === undefined) return fail('invalid_client')
  if (client?.clientId !== token.clientId) return fail('invalid_grant')
  const scope = present(parameters, 'scope') ?? token.scope
  if (!isScopeWithin(scope, token.scope)) return fail('invalid_scope')
  token.refreshed = true
  const onUse = doorkeeper.settings.refreshMode === 'on-use'
  if (!onUse) token.revoked = true
  const { clientId, userId } = token
  const previousRefreshToken = onUse ? refreshToken : undefined
  const next = issueToken(doorkeeper, { clientId, userId, scope, previousRefreshToken })
  return { ok: true, body: describeToken(next), userId }
}

function exchangeClientCredentials(
  doorkeeper: Doorkeeper,
  request: TokenRequest,
): TokenAnswer | OAuthFailure {
  const client = authenticateClient(doorkeeper, request.credentials)
  if (client === undefined) return fail('invalid_client')
  const scope = present(request.parameters, 'scope') ?? doorkeeper.settings.scope
  if (!isScopeWithin(scope, doorkeeper.settings.scope)) return fail('invalid_scope')
  const token = issueToken(doorkeeper, { clientId: client.clientId, userId: undefined, scope })
  return { ok: true, body: describeToken(token), userId: undefined }
}

function answersChallenge(grant: AccessGrant, verifier: string | undefined): boolean {
  if (verifier === undefined) return grant.codeChallenge === undefined
  if (grant.codeChallengeMethod === 'plain') return grant.codeChallenge === verifier
  return grant.codeChallenge === createHash('sha256').update(verifier).digest('base64url')
}

function echoState(failure: OAuthFailure, { parameters }: TokenRequest): OAuthFailure {
  const state = present(parameters, 'state')
  return state === undefined ? failure : { ...failure, state }
}
