import type { AuthRequest, AuthResponse } from '../auth-request.js'
import { ProcoreAuthError } from '../errors.js'
import { identify } from './identity.js'
import { redirect, wantsPage } from './respond.js'
import { showError } from './routes.js'
import type { Web } from './web.js'

/**
 * Decides whether a request may go on: somebody is signed in and has a grant that may work.
 *
 * @returns `undefined` when it may; else a redirect to login for a browser that opens a page, and
 *   401 with JSON (or a page, for a form) for everyone else
 */
export async function guard(web: Web, request: AuthRequest): Promise<AuthResponse | undefined> {
  const identity = identify(web, request)
  if (identity) {
    const ref = web.manager.ref('authorization_code', identity.principal)
    if (await web.manager.isConnected(ref)) return undefined
  }
  if (request.method === 'GET' && wantsPage(request)) {
    const query = new URLSearchParams({ returnTo: request.url })
    return redirect(302, `${web.paths.public.login}?${query}`)
  }
  const error = identity
    ? new ProcoreAuthError('ERR_PROCORE_NOT_CONNECTED', 'The signed-in user has no working grant')
    : new ProcoreAuthError('ERR_PROCORE_NOT_AUTHENTICATED', 'Nobody is signed in')
  return showError(web, request, error, [])
}
