import * as oauth from 'oauth4webapi'
import { TokenRequestError } from '../errors.js'
import { Secret } from '../redact.js'
import type { TokenSet } from '../token-set.js'
import { authorizationServer, clientAuth, type OAuthClient, requestOptions } from './client.js'

const MAXIMUM_TOKEN_LENGTH = 16_384
/** Beyond the year 5000: not a time in seconds. */
const MAXIMUM_SECONDS = 1e11

/** Codes of errors that arise before a byte of the request is written. */
const NEVER_SENT =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT|ERR_TLS_.+|CERT_.+|UNABLE_TO_.+|SELF_SIGNED_.+|DEPTH_ZERO_.+)$/

/** What a token request asks for: the parameters of its grant, without the client. */
export interface TokenRequest {
  readonly grantType: 'authorization_code' | 'refresh_token' | 'client_credentials'
  readonly parameters: Readonly<Record<string, string>>
}

/**
 * Sends the one POST to the token endpoint (RFC 6749, sections 4.1.3, 4.4.2 and 6), exactly once.
 *
 * @returns the tokens of the answer
 * @throws {TokenRequestError} whose `outcome` says whether it may be sent again
 */
export async function requestTokens(client: OAuthClient, request: TokenRequest): Promise<TokenSet> {
  const server = authorizationServer(client)
  const clientMetadata = { client_id: client.clientId }
  let response: Response
  try {
    response = await oauth.genericTokenEndpointRequest(
      server,
      clientMetadata,
      clientAuth(client),
      request.grantType,
      { ...request.parameters },
      requestOptions(client),
    )
  } catch (error) {
    throw transportError(error)
  }
  let answer: oauth.TokenEndpointResponse
  try {
    answer = await oauth.processGenericTokenEndpointResponse(server, clientMetadata, response)
  } catch (error) {
    throw answerError(await oauthErrorOf(error), response.status)
  }
  return toTokenSet(answer, request, client.clock.now())
}

function toTokenSet(
  answer: oauth.TokenEndpointResponse,
  request: TokenRequest,
  now: number,
): TokenSet {
  const { access_token, refresh_token, expires_in } = answer
  const createdAt = answer['created_at']
  if (!isSeconds(expires_in)) throw invalidAnswer('has no usable expires_in')
  if (request.grantType !== 'client_credentials' && !refresh_token) {
    throw invalidAnswer('has no refresh_token')
  }
  if (Math.max(access_token.length, refresh_token?.length ?? 0) > MAXIMUM_TOKEN_LENGTH) {
    throw invalidAnswer('has a token of more than 16,384 characters')
  }
  if (!/^[\x21-\x7e]+$/.test(access_token)) throw invalidAnswer('has a malformed access_token')
  return {
    accessToken: new Secret(access_token),
    refreshToken: refresh_token ? new Secret(refresh_token) : undefined,
    issuedAt: isSeconds(createdAt) ? createdAt * 1000 : now,
    lifetimeMs: expires_in * 1000,
  }
}

function isSeconds(value: unknown): value is number {
  return typeof value === 'number' && value > 0 && value < MAXIMUM_SECONDS
}

function invalidAnswer(what: string): TokenRequestError {
  return new TokenRequestError(
    'ERR_PROCORE_TOKEN_RESPONSE_INVALID',
    `The answer of the token endpoint ${what}: look at status.procore.com, then try again`,
    { outcome: 'unknown' },
  )
}

/** Names why no answer came. The error beneath is kept by its code alone: it may quote the request. */
function transportError(error: unknown): TokenRequestError {
  const code = errorCode(error)
  const cause = new Error(`token request failed: ${code}`)
  if (NEVER_SENT.test(code)) {
    return new TokenRequestError(
      'ERR_PROCORE_TOKEN_ENDPOINT_UNREACHABLE',
      `No connection to the token endpoint (${code}): check the network, then try again`,
      { outcome: 'not-sent', cause },
    )
  }
  return new TokenRequestError(
    'ERR_PROCORE_TOKEN_RESPONSE_LOST',
    `The token endpoint gave no answer (${code}); whether it acted on the request is unknown`,
    { outcome: 'unknown', cause },
  )
}

function errorCode(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  if (error.name === 'TimeoutError') return 'time-out'
  const inner: unknown = error.cause ?? error
  if (typeof inner !== 'object' || inner === null) return 'unknown'
  if ('syscall' in inner && (inner.syscall === 'connect' || inner.syscall === 'getaddrinfo')) {
    return 'ECONNREFUSED'
  }
  return 'code' in inner && typeof inner.code === 'string' ? inner.code : error.name
}

/**
 * Names why an answer is no use. The errors of oauth4webapi hold the response and its body, so none
 * is kept as a cause.
 */
function answerError(oauthError: string | undefined, status: number): TokenRequestError {
  if (oauthError === undefined) {
    return invalidAnswer(`(HTTP ${status}) is not the JSON of RFC 6749`)
  }
  const details = { outcome: 'rejected' as const, oauthError }
  if (oauthError === 'invalid_grant') {
    return new TokenRequestError(
      'ERR_PROCORE_CODE_REJECTED',
      'Procore rejected the code or refresh token (invalid_grant): it expired, was used, was revoked, or belongs to another redirect URI or client',
      details,
    )
  }
  if (oauthError === 'invalid_client' || oauthError === 'unauthorized_client') {
    return new TokenRequestError(
      'ERR_PROCORE_CLIENT_REJECTED',
      `Procore rejected the application (${oauthError}): check clientId, clientSecret and that they belong to this environment`,
      details,
    )
  }
  return new TokenRequestError(
    'ERR_PROCORE_TOKEN_RESPONSE_INVALID',
    `Procore rejected the request (${oauthError})`,
    details,
  )
}

/** Codes of RFC 6749, section 5.2. Anything else in `error` does not come from an OAuth server. */
const OAUTH_ERRORS = [
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
]

async function oauthErrorOf(error: unknown): Promise<string | undefined> {
  if (error instanceof oauth.ResponseBodyError) return knownError(error.error)
  if (!(error instanceof oauth.WWWAuthenticateChallengeError)) return undefined
  const challenge = error.cause.find(({ parameters }) => parameters.error)
  return knownError(challenge?.parameters.error) ?? knownError(await errorInBody(error.response))
}

/** Reads what a challenge left unsaid: it may name the client's scheme alone (RFC 6749, section 5.2). */
async function errorInBody(response: Response): Promise<unknown> {
  const body: unknown = await response.json().catch(() => undefined)
  return typeof body === 'object' && body !== null && 'error' in body ? body.error : undefined
}

function knownError(code: unknown): string | undefined {
  return OAUTH_ERRORS.find((known) => known === code)
}
