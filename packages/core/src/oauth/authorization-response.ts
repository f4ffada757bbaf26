import { ProcoreAuthError } from '../errors.js'

/** What Procore sent the browser back with, well-formed but not yet believed. */
export type AuthorizationResponse =
  | { readonly state: string; readonly code: string }
  | { readonly state: string; readonly error: ProcoreAuthError }

/** A code or state of Procore is short and printable; anything else is somebody's experiment. */
const PRINTABLE = /^[\x21-\x7e]{1,2048}$/

/**
 * Reads the query of the callback (RFC 6749, sections 4.1.2 and 4.1.2.1).
 *
 * @param query the query string
 * @returns the code, or the error that Procore reports, with the state either belongs to
 * @throws {ProcoreAuthError} `ERR_PROCORE_STATE_MISMATCH` without a usable state,
 *   `ERR_PROCORE_CALLBACK_INVALID` for doubled parameters or when there is neither code nor error
 */
export function readAuthorizationResponse(query: URLSearchParams): AuthorizationResponse {
  const state = single(query, 'state')
  const code = single(query, 'code')
  const error = single(query, 'error')
  if (state === undefined || !PRINTABLE.test(state)) {
    throw new ProcoreAuthError(
      'ERR_PROCORE_STATE_MISMATCH',
      'The callback has no usable state: start again at the login route',
    )
  }
  if (error !== undefined) return { state, error: authorizationError(error) }
  if (code === undefined || !PRINTABLE.test(code)) {
    throw new ProcoreAuthError(
      'ERR_PROCORE_CALLBACK_INVALID',
      'The callback has no usable code: start again at the login route',
    )
  }
  return { state, code }
}

function single(query: URLSearchParams, name: string): string | undefined {
  const values = query.getAll(name)
  if (values.length <= 1) return values[0]
  throw new ProcoreAuthError(
    'ERR_PROCORE_CALLBACK_INVALID',
    `The callback has the parameter ${name} more than once (RFC 6749, section 3.1)`,
  )
}

/** Codes of RFC 6749, section 4.1.2.1; only these may be named, the rest comes from anywhere. */
const KNOWN_ERRORS = [
  'invalid_request',
  'unauthorized_client',
  'unsupported_response_type',
  'invalid_scope',
  'server_error',
  'temporarily_unavailable',
]

function authorizationError(error: string): ProcoreAuthError {
  if (error === 'access_denied') {
    return new ProcoreAuthError('ERR_PROCORE_ACCESS_DENIED', 'The user or Procore denied access')
  }
  const reason = KNOWN_ERRORS.includes(error) ? error : 'an unknown error'
  return new ProcoreAuthError(
    'ERR_PROCORE_AUTHORIZATION_FAILED',
    `Procore ended the authorization with ${reason}: check the app in the Developer Portal`,
  )
}
