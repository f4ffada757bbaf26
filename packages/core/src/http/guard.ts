import type { AuthRequest, AuthResponse } from '../auth-request.js'
import { ProcoreAuthError } from '../errors.js'
import { type Identity, identify } from './identity.js'
import { errorResponse, redirect, wantsPage } from './respond.js'
import { MAXIMUM_LENGTH } from './return-to.js'
import type { Web } from './web.js'

/** What the guard is made of. */
export interface GuardParts extends Pick<Web, 'manager'> {
  readonly identify: (request: AuthRequest) => Identity | undefined
  /** Where a browser signs in. */
  readonly loginPath: string
  readonly showsDetails: boolean
}

/** Returns the parts for an application that uses the routes of the core. */
export function guardParts(web: Web): GuardParts {
  return {
    manager: web.manager,
    identify: (request) => identify(web, request),
    loginPath: web.paths.public.login,
    showsDetails: web.config.showsDetails,
  }
}

/**
 * Decides whether a request may go on: somebody is signed in and has a grant that may work.
 *
 * @returns `undefined` when it may; else a redirect to login for a browser that opens a page, and
 *   401 with JSON (or a page, for a form) for everyone else
 */
export async function guard(
  parts: GuardParts,
  request: AuthRequest,
): Promise<AuthResponse | undefined> {
  const identity = parts.identify(request)
  if (identity) {
    const ref = parts.manager.ref('authorization_code', identity.principal)
    if (await parts.manager.isConnected(ref)) return undefined
  }
  if (request.method === 'GET' && wantsPage(request)) {
    return redirect(302, loginUrl(parts.loginPath, request.url))
  }
  const error = identity
    ? new ProcoreAuthError('ERR_PROCORE_NOT_CONNECTED', 'The signed-in user has no working grant')
    : new ProcoreAuthError('ERR_PROCORE_NOT_AUTHENTICATED', 'Nobody is signed in')
  return errorResponse(request, { ...parts, error })
}

/** Returns the address of a login that ends at a path, if it may be as long as that. */
export function loginUrl(loginPath: string, returnTo: string): string {
  if (returnTo.length > MAXIMUM_LENGTH) return loginPath
  return `${loginPath}?${new URLSearchParams({ returnTo })}`
}
