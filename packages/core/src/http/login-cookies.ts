import type { AuthRequest } from '../auth-request.js'
import { ProcoreAuthError } from '../errors.js'
import {
  type AuthorizationResponse,
  readAuthorizationResponse,
} from '../oauth/authorization-response.js'
import {
  cookieName,
  findLogin,
  type LoginState,
  type LoginStateConfig,
  startLogin,
} from '../state/login-state.js'
import { readCookies, setCookie } from './cookies.js'
import { queryOf } from './paths.js'

/** Login state that is kept in cookies. */
export interface LoginCookies extends LoginStateConfig {
  /** Whether the callback has HTTPS, so that the cookies are bound to it. */
  readonly secure: boolean
}

/**
 * Starts a login in this browser.
 *
 * @returns the `state` to ask Procore with, and the `Set-Cookie` headers to send along
 */
export function beginLogin(
  config: LoginCookies,
  request: AuthRequest,
  login: Omit<LoginState, 'state' | 'startedAt'>,
): { readonly state: string; readonly cookies: readonly string[] } {
  const { maxAgeMs, secure } = config
  const { state, cookie, remove } = startLogin(config, readCookies(request), login)
  const removed = remove.map((name) => setCookie({ name, value: '', maxAgeMs: 0, secure }))
  return { state, cookies: [setCookie({ ...cookie, maxAgeMs, secure }), ...removed] }
}

/**
 * Reads a callback: what Procore answers, and the login of this browser that it belongs to.
 *
 * @param redirectUri what the login must have been started with; `undefined` for the routes of the core
 * @throws {ProcoreAuthError} `ERR_PROCORE_STATE_MISMATCH`, `ERR_PROCORE_STATE_EXPIRED`,
 *   `ERR_PROCORE_CALLBACK_INVALID`
 */
export function readCallback(
  config: LoginCookies,
  request: AuthRequest,
  redirectUri: string | undefined,
): { readonly answer: AuthorizationResponse; readonly login: LoginState } {
  const answer = readAuthorizationResponse(queryOf(request.url))
  const login = findLogin(config, readCookies(request), answer.state)
  // What a login carries is meant for the callback that it was started for.
  if (login.redirectUri === redirectUri) return { answer, login }
  throw new ProcoreAuthError(
    'ERR_PROCORE_STATE_MISMATCH',
    'This login was started for another callback than the one that it came back to',
  )
}

/** Returns the `Set-Cookie` header that takes a login out of the browser. */
export function clearLogin(config: LoginCookies, login: LoginState): string {
  const name = cookieName(config, login.state)
  return setCookie({ name, value: '', maxAgeMs: 0, secure: config.secure })
}
