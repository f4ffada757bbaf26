import type { AuthRequest, AuthResponse } from '../auth-request.js'
import { isProcoreAuthError, ProcoreAuthError } from '../errors.js'
import { createCallback, type FailedCallback, isShown } from './callback.js'
import { identify } from './identity.js'
import { login, resolveReturnTo } from './login.js'
import { pathOf, queryOf, type RouteName, toPublicPath } from './paths.js'
import { empty, errorResponse, redirect, wantsPage } from './respond.js'
import type { Web } from './web.js'

/**
 * Creates the function that answers the four routes.
 *
 * @returns a function that returns `undefined`, at once and without having looked at more than the
 *   path, for a request that is none of them. It rejects with what the application's own callbacks
 *   and store throw.
 */
export function createRoutes(
  web: Web,
): (request: AuthRequest) => Promise<AuthResponse> | undefined {
  const fail = async (request: AuthRequest, { error, cookies }: FailedCallback) => {
    await web.events.emit('sign-in-failed', { error })
    return showError(web, request, error, cookies)
  }
  const callback = createCallback(web, fail)
  const gets: Partial<Record<RouteName, (request: AuthRequest) => Promise<AuthResponse>>> = {
    login: async (request) => login(web, request),
    callback,
  }
  const posts: Partial<Record<RouteName, (request: AuthRequest) => Promise<AuthResponse>>> = {
    logout: (request) => logout(web, request),
    disconnect: (request) => disconnect(web, request),
  }
  const answer = async (route: RouteName, request: AuthRequest): Promise<AuthResponse> => {
    const handler = request.method === 'POST' ? posts[route] : gets[route]
    const allow = posts[route] ? 'POST, OPTIONS' : 'GET, HEAD, OPTIONS'
    if (request.method === 'OPTIONS') return empty(204, { allow })
    if (gets[route] && looksAhead(request)) return empty(204)
    try {
      const allowed = handler && (request.method === 'GET' || request.method === 'POST')
      if (!allowed) throw methodNotAllowed(allow)
      return await handler(request)
    } catch (error) {
      if (!isShown(error)) throw error
      const response = showError(web, request, error, [])
      return error.status === 405
        ? { ...response, headers: { ...response.headers, allow } }
        : response
    }
  }
  return (request) => {
    const route = web.paths.routes.get(pathOf(request.url))
    return route && answer(route, request)
  }
}

/** `POST logout`: ends the session in this browser; the grant lives on. */
async function logout(web: Web, request: AuthRequest): Promise<AuthResponse> {
  assertSameOrigin(web, request)
  const identity = identify(web, request)
  if (identity) await web.events.emit('signed-out', { principal: identity.principal })
  return signedOut(web, request)
}

/** `POST disconnect`: ends the grant at Procore and here, then the session. */
async function disconnect(web: Web, request: AuthRequest): Promise<AuthResponse> {
  assertSameOrigin(web, request)
  const identity = identify(web, request)
  if (!identity) {
    throw new ProcoreAuthError('ERR_PROCORE_NOT_AUTHENTICATED', 'Nobody is signed in to disconnect')
  }
  try {
    await web.manager.disconnect(web.manager.ref('authorization_code', identity.principal))
  } catch (error) {
    if (!isProcoreAuthError(error) || error.code === 'ERR_PROCORE_STORE_UNAVAILABLE') throw error
    return showError(web, request, error, [])
  }
  return signedOut(web, request)
}

function signedOut(web: Web, request: AuthRequest): AuthResponse {
  const cookies = web.config.principal ? [] : [web.session.clear()]
  if (!wantsPage(request)) return empty(204, { 'set-cookie': cookies })
  const path = resolveReturnTo(web, queryOf(request.url).get('returnTo'))
  return redirect(303, toPublicPath(web.paths, { url: request.url, path }), cookies)
}

/** Shows an error of ours to the browser or program that made the request. */
export function showError(
  web: Web,
  request: AuthRequest,
  error: ProcoreAuthError,
  cookies: readonly string[],
): AuthResponse {
  const { showsDetails } = web.config
  return errorResponse(request, { error, cookies, showsDetails, loginPath: web.paths.public.login })
}

/** Browsers say where a request comes from; one that another site made is refused. */
function assertSameOrigin(web: Web, request: AuthRequest): void {
  const site = request.header('sec-fetch-site')
  const origin = request.header('origin')
  const foreign =
    site === undefined
      ? origin !== undefined && origin !== web.config.callbackUrl.origin
      : site !== 'same-origin' && site !== 'none'
  if (!foreign) return
  throw new ProcoreAuthError(
    'ERR_PROCORE_CROSS_SITE_REQUEST',
    'The request was made by a page of another origin than the one in redirectUri',
  )
}

/** Whether a browser or a scanner only looks ahead: nothing may be used up by it. */
export function looksAhead(request: AuthRequest): boolean {
  if (request.method === 'HEAD') return true
  const purpose = ['sec-purpose', 'purpose', 'x-purpose', 'x-moz'].map((name) =>
    request.header(name),
  )
  return purpose.some((value) => /prefetch|prerender|preview/i.test(value ?? ''))
}

function methodNotAllowed(allow: string): ProcoreAuthError {
  return new ProcoreAuthError('ERR_PROCORE_METHOD_NOT_ALLOWED', `Only ${allow} are answered here`)
}
