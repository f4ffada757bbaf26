import type { AuthRequest, AuthResponse } from '../auth-request.js'
import { isProcoreAuthError, ProcoreAuthError, type ProcoreAuthErrorCode } from '../errors.js'
import { Secret } from '../redact.js'
import { completeSignIn } from '../sign-in/sign-in.js'
import { consumeLogin, type LoginState } from '../state/login-state.js'
import { loginPrincipal } from './identity.js'
import { clearLogin, readCallback } from './login-cookies.js'
import { createOnce } from './once.js'
import { toPublicPath } from './paths.js'
import { redirect } from './respond.js'
import type { Web } from './web.js'

/** A sign-in that failed after its state was used up: the login cookie goes with the error. */
export interface FailedCallback {
  readonly error: ProcoreAuthError
  readonly cookies: readonly string[]
}

/**
 * Creates the handler of `GET callback`: believes only a login that this browser started, completes
 * it once, signs the user in, and leads to a URL without code and state.
 *
 * A second hit of the same browser, such as a doubled click, gets the answer of the first.
 *
 * @param fail shows an error
 */
export function createCallback(
  web: Web,
  fail: (request: AuthRequest, failed: FailedCallback) => Promise<AuthResponse>,
): (request: AuthRequest) => Promise<AuthResponse> {
  const once = createOnce<AuthResponse>(web.clock)
  return async (request) => {
    try {
      const { answer, login } = readCallback(web.login, request, undefined)
      if (login.principal !== loginPrincipal(web, request)) throw otherUser()
      const code = 'code' in answer ? answer.code : answer.error
      return await once(login.state, () =>
        complete(web, { request, login, code }).catch((error: unknown) => {
          if (!isShown(error)) throw error
          return fail(request, { error, cookies: [clearLogin(web.login, login)] })
        }),
      )
    } catch (error) {
      if (!isShown(error)) throw error
      return fail(request, { error, cookies: [] })
    }
  }
}

async function complete(
  web: Web,
  callback: {
    readonly request: AuthRequest
    readonly login: LoginState
    readonly code: string | ProcoreAuthError
  },
): Promise<AuthResponse> {
  const { request, login, code } = callback
  const end = toPublicPath(web.paths, { url: request.url, path: login.returnTo })
  try {
    await consumeLogin(web.login, login)
  } catch (error) {
    // Another process has completed it, or is about to; the browser has or will have its cookie.
    const used = error instanceof ProcoreAuthError && error.code === 'ERR_PROCORE_STATE_USED'
    if (used) return redirect(303, end, [clearLogin(web.login, login)])
    throw error
  }
  if (typeof code !== 'string') throw code
  const { principal, user } = await completeSignIn(web.signIn, {
    code: new Secret(code),
    redirectUri: web.config.redirectUri,
    principal: login.principal,
    request,
  })
  return redirect(303, end, [
    clearLogin(web.login, login),
    ...(web.config.principal ? [] : [web.session.issue(principal, user)]),
  ])
}

function otherUser(): ProcoreAuthError {
  return new ProcoreAuthError(
    'ERR_PROCORE_STATE_MISMATCH',
    'The application has another user signed in than the one who started this login',
  )
}

/**
 * Codes of the application's own store, arguments and calls, which it makes in `onSignIn`; Procore's
 * failures of a sign-in have others.
 */
const APPLICATION_FAULTS: readonly ProcoreAuthErrorCode[] = [
  'ERR_PROCORE_ARGUMENT_INVALID',
  'ERR_PROCORE_STORE_UNAVAILABLE',
  'ERR_PROCORE_STORE_CORRUPTED',
  'ERR_PROCORE_COMPANY_MISSING',
  'ERR_PROCORE_FOREIGN_URL',
  'ERR_PROCORE_API',
  'ERR_PROCORE_API_UNREACHABLE',
  'ERR_PROCORE_APP_NOT_INSTALLED',
  'ERR_PROCORE_NOT_CONNECTED',
  'ERR_PROCORE_REAUTHORIZATION_REQUIRED',
  'ERR_PROCORE_REFRESH_FAILED',
]

/** Whether a failure of a sign-in is shown on a page of ours; the rest is for the framework's handler. */
export function isShown(error: unknown): error is ProcoreAuthError {
  return isProcoreAuthError(error) && !APPLICATION_FAULTS.includes(error.code)
}
