import type { AuthReply, AuthRequest, AuthResponse } from '../auth-request.js'
import { ProcoreAuthError } from '../errors.js'
import type { EventBus } from '../events.js'
import { Secret } from '../redact.js'
import { exchangeCode, type NewGrant } from '../sign-in/sign-in.js'
import { consumeLogin } from '../state/login-state.js'
import { isShown } from './callback.js'
import { type ContextParts, type ProcoreContext, RequestContext } from './context.js'
import { guard, loginUrl } from './guard.js'
import { toIdentity } from './identity.js'
import { beginLogin, clearLogin, type LoginCookies, readCallback } from './login-cookies.js'
import { createOnce } from './once.js'
import { type Paths, resolvePaths, toPublicPath } from './paths.js'
import { empty, redirect } from './respond.js'
import { requestedReturnTo, safeReturnTo } from './return-to.js'
import { looksAhead } from './routes.js'
import { createLoginCookies, type LoginParts, type WebParts } from './web.js'

/** An adapter whose framework has routes and a session of its own, such as Passport. */
export interface RouteOwner {
  /** Returns whom the application's session names; `undefined` when nobody is signed in. */
  principal(request: AuthRequest): string | undefined
  /**
   * Path of the route that starts a login, as a browser asks for it. Default: `login` below
   * `basePath`.
   */
  readonly loginPath?: string | undefined
  /** Absolute URL of its callback. Default: the one in the options, if it has one. */
  readonly redirectUri?: string | undefined
}

/** What the core does for such an adapter. `Outcome` is how a sign-in ends in its framework. */
export interface OwnRoutes<Outcome> {
  readonly clientId: string
  /** The adapter's own, or the one in the options. */
  readonly redirectUri: string | undefined
  /** Makes `req.procore`; its `login()` leads to `loginPath`. */
  context(request: AuthRequest, reply: AuthReply): ProcoreContext
  /** Returns what to answer when a request may not go on. */
  guard(request: AuthRequest): Promise<AuthResponse | undefined>
  /** Returns what to answer a browser that only looks ahead, and must not use anything up. */
  lookAhead(request: AuthRequest): AuthResponse | undefined
  /**
   * Starts a login in this browser, which ends at the path in the query parameter `returnTo`.
   *
   * @param login `redirectUri` to come back to; `payload`: what to get back then, as JSON
   * @throws {ProcoreAuthError} `ERR_PROCORE_ARGUMENT_INVALID` when the payload is too large
   */
  startLogin(
    request: AuthRequest,
    login: { readonly redirectUri: string; readonly payload: unknown },
  ): { readonly state: string; readonly cookies: readonly string[] }
  /**
   * Finds the login that a callback belongs to.
   *
   * @param redirectUri address of the callback
   * @throws {ProcoreAuthError} `ERR_PROCORE_STATE_MISMATCH`, `ERR_PROCORE_STATE_EXPIRED`,
   *   `ERR_PROCORE_CALLBACK_INVALID`
   */
  openLogin(request: AuthRequest, redirectUri: string): Promise<OpenLogin<Outcome>>
  /**
   * Exchanges an authorization code and leaves to the adapter what becomes of the tokens.
   *
   * @throws {TokenRequestError} from the one request that is sent
   */
  exchange(granted: {
    readonly code: string
    readonly redirectUri: string
    /** Sent along with the code, such as a PKCE verifier. */
    readonly parameters?: Readonly<Record<string, string>>
    readonly request: AuthRequest
  }): Promise<PendingSignIn>
}

/** A login of this browser that came back from Procore. */
export interface OpenLogin<Outcome> {
  /** Path on this origin to end at, as a browser asks for it. */
  readonly returnTo: string
  readonly payload: unknown
  /** `Set-Cookie` headers that take it out of the browser. */
  readonly cookies: readonly string[]
  /**
   * Uses the login up and does the work, once: a second hit of the same browser, such as a doubled
   * click, gets the outcome of the first.
   *
   * @throws {ProcoreAuthError} `ERR_PROCORE_STATE_USED` when another process completed it
   */
  complete(work: () => Promise<Outcome>): Promise<Outcome>
}

/** Tokens that Procore has granted and that are nobody's yet: to be kept or discarded, once. */
export interface PendingSignIn extends Pick<NewGrant, 'discard' | 'tokens' | 'user'> {
  /** Stores them as a principal's grant; when that fails they are revoked. */
  keep(principal: string): Promise<void>
  /** Revokes them because the application does not accept the user. */
  refuse(): Promise<void>
}

/** What own routes are made of: the parts of the routes, without those that need a redirect URI. */
export interface OwnRoutesParts
  extends LoginParts,
    Pick<WebParts, 'clientFor' | 'events' | 'manager' | 'serviceClient' | 'signIn'> {
  readonly clientId: string
  readonly redirectUri: string | undefined
}

/** Puts together what an adapter with routes of its own needs. */
export function createOwnRoutes<Outcome>(
  parts: OwnRoutesParts,
  owner: RouteOwner,
): OwnRoutes<Outcome> {
  const { clientId, config, events, manager, redirectUri } = parts
  const loginPath = owner.loginPath ?? defaultLoginPath(parts)
  const identify = (request: AuthRequest) => toIdentity(manager, owner.principal(request))
  const login: ContextParts['login'] = (_request, returnTo) =>
    redirect(302, returnTo === undefined ? loginPath : loginUrl(loginPath, returnTo))
  const once = createOnce<Outcome>(parts.clock)
  const [secure, plain] = [createLoginCookies(parts, true), createLoginCookies(parts, false)]
  const loginsAt = (uri: string): LoginCookies =>
    new URL(uri).protocol === 'https:' ? secure : plain
  const pathsAt = (uri: string): Paths => resolvePaths(new URL(uri), config.basePath)
  return {
    clientId,
    redirectUri,
    context: (request, reply) => new RequestContext({ ...parts, identify, login }, request, reply),
    guard: (request) => guard({ ...config, manager, identify, loginPath }, request),
    lookAhead: (request) => (looksAhead(request) ? empty(204) : undefined),
    startLogin: (request, started) => {
      const returnTo = safeReturnTo(requestedReturnTo(request), {
        origin: new URL(started.redirectUri).origin,
        fallback: config.defaultReturnTo,
        routes: new Map([...pathsAt(started.redirectUri).routes, [loginPath, 'login']]),
      })
      const logins = loginsAt(started.redirectUri)
      return beginLogin(logins, request, { ...started, returnTo, principal: undefined })
    },
    openLogin: (request, uri) =>
      noted(events, async () => {
        const { answer, login } = readCallback(loginsAt(uri), request, uri)
        return {
          returnTo: toPublicPath(pathsAt(uri), { url: request.url, path: login.returnTo }),
          payload: login.payload,
          cookies: [clearLogin(loginsAt(uri), login)],
          complete: (work) =>
            once(login.state, async () => {
              await consumeLogin(loginsAt(uri), login)
              if ('error' in answer) await events.emit('sign-in-failed', { error: answer.error })
              return work()
            }),
        }
      }),
    exchange: (granted) => exchange(parts, granted),
  }
}

async function exchange(
  { events, signIn }: OwnRoutesParts,
  { code, request, ...granted }: Parameters<OwnRoutes<unknown>['exchange']>[0],
): Promise<PendingSignIn> {
  const work = () => exchangeCode(signIn, { ...granted, code: new Secret(code) })
  const grant = await noted(events, work)
  return {
    tokens: grant.tokens,
    user: () => noted(events, grant.user),
    keep: async (principal) => {
      // None is a fault here, and not the Procore user's id.
      await noted(events, () => grant.keep({ principal: principal ?? '', request }))
    },
    discard: grant.discard,
    refuse: async () => {
      await grant.discard()
      const reason = 'The application did not accept this user'
      const error = new ProcoreAuthError('ERR_PROCORE_SIGN_IN_REFUSED', reason)
      await events.emit('sign-in-failed', { error })
    },
  }
}

/** Tells the listeners of a failure before the adapter hears of it. */
async function noted<Result>(events: EventBus, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (isShown(error)) await events.emit('sign-in-failed', { error })
    throw error
  }
}

function defaultLoginPath({ config, redirectUri }: OwnRoutesParts): string {
  if (redirectUri === undefined) return `${config.basePath}/login`
  return resolvePaths(new URL(redirectUri), config.basePath).public.login
}
