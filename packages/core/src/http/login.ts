import type { AuthRequest, AuthResponse } from '../auth-request.js'
import { loginPrincipal } from './identity.js'
import { beginLogin } from './login-cookies.js'
import { redirect } from './respond.js'
import { requestedReturnTo, safeReturnTo } from './return-to.js'
import type { Web } from './web.js'

/** `GET login?returnTo=/path`: sends the browser to Procore. */
export function login(web: Web, request: AuthRequest): AuthResponse {
  return redirectToProcore(web, request, requestedReturnTo(request))
}

/**
 * Starts a login in this browser.
 *
 * @param returnTo path on this origin to end at
 * @throws {ProcoreAuthError} `ERR_PROCORE_PRINCIPAL_MISSING`
 */
export function redirectToProcore(
  web: Web,
  request: AuthRequest,
  returnTo: string | undefined,
): AuthResponse {
  const { state, cookies } = beginLogin(web.login, request, {
    returnTo: resolveReturnTo(web, returnTo),
    principal: loginPrincipal(web, request),
  })
  const { redirectUri } = web.config
  return redirect(302, web.authorizationUrl({ redirectUri, state }), cookies)
}

/** Returns where to end: what is asked for if it lies on this origin, else the default. */
export function resolveReturnTo(web: Web, input: string | null | undefined): string {
  return safeReturnTo(input, {
    origin: web.config.callbackUrl.origin,
    fallback: web.config.defaultReturnTo,
    routes: web.paths.routes,
  })
}
