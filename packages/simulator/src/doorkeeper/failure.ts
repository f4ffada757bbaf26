/** Error codes of the OAuth endpoints. */
export type OAuthErrorCode =
  | 'access_denied'
  | 'invalid_client'
  | 'invalid_code_challenge_method'
  | 'invalid_grant'
  | 'invalid_redirect_uri'
  | 'invalid_request'
  | 'invalid_scope'
  | 'invalid_token'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'unsupported_response_type'

/** A request that was refused. */
export interface OAuthFailure {
  readonly ok: false
  readonly error: OAuthErrorCode
  readonly status: 400 | 401 | 403
  readonly description: string
  /** Third member of the body where there is one. */
  readonly state?: string
}

const descriptions: Readonly<Record<OAuthErrorCode, string>> = {
  access_denied: 'The resource owner or authorization server denied the request.',
  invalid_client:
    'Client authentication failed due to unknown client, no client authentication included, or unsupported authentication method.',
  invalid_code_challenge_method: 'The code challenge method must be plain or S256.',
  invalid_grant:
    'The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client.',
  invalid_redirect_uri:
    "The requested redirect uri is malformed or doesn't match client redirect URI.",
  invalid_request: 'The request is missing a required parameter or is otherwise malformed.',
  invalid_scope: 'The requested scope is invalid, unknown, or malformed.',
  invalid_token: 'The access token is invalid',
  unauthorized_client: 'You are not authorized to revoke this token',
  unsupported_grant_type:
    'The authorization grant type is not supported by the authorization server.',
  unsupported_response_type: 'The authorization server does not support this response type.',
}

/**
 * Creates the refusal for an error code, with the server's own status and text.
 *
 * @param error The OAuth error code.
 * @returns The refusal.
 */
export function fail(error: OAuthErrorCode): OAuthFailure {
  return { ok: false, error, status: statusOf(error), description: descriptions[error] }
}

/**
 * Creates the refusal of a request that lacks a parameter.
 *
 * @param name The missing parameter.
 * @returns An `invalid_request`.
 */
export function failMissing(name: string): OAuthFailure {
  return { ...fail('invalid_request'), description: `Missing required parameter: ${name}.` }
}

/**
 * Creates the refusal of a bearer token.
 *
 * @param description What is wrong with it.
 * @returns An `invalid_token`, marked unauthorized.
 */
export function failToken(description: string = descriptions.invalid_token): OAuthFailure {
  return { ...fail('invalid_token'), description, state: 'unauthorized' }
}

function statusOf(error: OAuthErrorCode): OAuthFailure['status'] {
  if (error === 'invalid_client' || error === 'invalid_token') return 401
  return error === 'unauthorized_client' ? 403 : 400
}
