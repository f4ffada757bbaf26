import type { AuthReply, AuthRequest, AuthResponse } from '../auth-request.js'
import { ConfigurationError, ProcoreAuthError } from '../errors.js'
import { readAuthorizationResponse } from '../oauth/authorization-response.js'
import { Secret } from '../redact.js'
import { exchangeCode, type NewGrant } from '../sign-in/sign-in.js'
import { consumeLogin, cookieName, findLogin, startLogin } from '../state/login-state.js'
import { isShown } from './callback.js'
import { type ContextParts, type ProcoreContext, RequestContext } from './context.js'
import { readCookies, setCookie } from './cookies.js'
import { guard, loginUrl } from './guard.js'
import type { Identity } from './identity.js'
import { createOnce } from './once.js'
import { type Paths, queryOf, resolvePaths, toPublicPath } from './paths.js'
import { empty, redirect } from './respond.js'
import { requestedReturnTo, safeReturnTo } from './return-to.js'
import { looksAhead } from './routes.js'
import { createLoginState, type LoginParts, type WebParts } from './web.js'

/** An adapter whose framework has routes and a session of its own, such as Passport. */
export interface RouteOwner {
  /** Returns whom the application's session names; `undefined` when nobody is signed in. */
  principal(request: AuthRequest): string | undefined
  /**
   * Path of the route that starts a login, as a browser asks for it. Default: `login` below
   * `basePath`.
   */
  readonly loginPath?: string | undefined
}

/** What the core does for such an adapter. `Outcome` is how a sign-in ends in its framework. */
export interface OwnRoutes<Outcome> {
  readonly clientId: string
  /** The one in the options. */
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
  /** The one that it was started with. */
  readonly redirectUri: string
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

/**
 * Puts together what an adapter with routes of its own needs.
 *
 * @throws {ConfigurationError} when `loginPath` is not a path
 */
export function createOwnRoutes<Outcome>(
  parts: OwnRoutesParts,
  owner: RouteOwner,
): OwnRoutes<Outcome> {
  const { clientId, config, events, manager, redirectUri } = parts
  const loginPath = owner.loginPath ?? defaultLoginPath(parts)
  if (!/^\/(?![/\\])[\x21-\x7e]*$/.test(loginPath) || /[?#\\]/.test(loginPath)) {
    throw new ConfigurationError(['loginPath must be a path that starts with one "/"'])
  }
  const once = createOnce<Outcome>(parts.clock)
  const states = { secure: createLoginState(parts, true), plain: createLoginState(parts, false) }
  const callbackAt = (uri: string): Callback => {
    const url = new URL(uri)
    const secure = url.protocol === 'https:'
    const paths = resolvePaths(url, config.basePath)
    return { url, secure, paths, state: secure ? states.secure : states.plain }
  }
  const identify = (request: AuthRequest): Identity | undefined => {
    const name = owner.principal(request)
    if (name === undefined) return undefined
    return { principal: manager.ref('authorization_code', name).principal, user: undefined }
  }
  /** Tells the listeners of a failure before the adapter hears of it. */
  const noted = async <Result>(work: Promise<Result>): Promise<Result> => {
    try {
      return await work
    } catch (error) {
      if (isShown(error)) await events.emit('sign-in-failed', { error })
      throw error
    }
  }
  const contextParts: ContextParts = {
    ...parts,
    identify,
    login: (_request, returnTo) =>
      redirect(302, returnTo === undefined ? loginPath : loginUrl(loginPath, returnTo)),
  }
  const { showsDetails } = config
  return {
    clientId,
    redirectUri,
    context: (request, reply) => new RequestContext(contextParts, request, reply),
    guard: (request) => guard({ manager, identify, loginPath, showsDetails }, request),
    lookAhead: (request) => (looksAhead(request) ? empty(204) : undefined),
    startLogin: (request, login) => {
      const { paths, secure, state, url } = callbackAt(login.redirectUri)
      const started = startLogin(state, readCookies(request), {
        ...login,
        returnTo: safeReturnTo(requestedReturnTo(request), {
          origin: url.origin,
          fallback: config.defaultReturnTo,
          routes: new Map<string, unknown>([...paths.routes, [loginPath, 'login']]),
        }),
        principal: undefined,
      })
      return {
        state: started.state,
        cookies: [
          setCookie({ ...started.cookie, maxAgeMs: state.maxAgeMs, secure }),
          ...started.remove.map((name) => setCookie({ name, value: '', maxAgeMs: 0, secure })),
        ],
      }
    },
    openLogin: (request, uri) =>
      noted(
        (async () => {
          const { paths, secure, state } = callbackAt(uri)
          const answer = readAuthorizationResponse(queryOf(request.url))
          const login = findLogin(state, readCookies(request), answer.state)
          const name = cookieName(state, login.state)
          return {
            returnTo: toPublicPath(paths, { url: request.url, path: login.returnTo }),
            redirectUri: login.redirectUri ?? uri,
            payload: login.payload,
            cookies: [setCookie({ name, value: '', maxAgeMs: 0, secure })],
            complete: (work) =>
              once(login.state, async () => {
                await consumeLogin(state, login)
                if ('error' in answer) await events.emit('sign-in-failed', { error: answer.error })
                return work()
              }),
          }
        })(),
      ),
    exchange: async ({ code, request, ...granted }) => {
      const grant = await noted(exchangeCode(parts.signIn, { ...granted, code: new Secret(code) }))
      return {
        tokens: grant.tokens,
        user: () => noted(grant.user()),
        keep: async (principal) => {
          // None is a fault here, and not the Procore user's id.
          await noted(grant.keep({ principal: principal ?? '', request }))
        },
        discard: grant.discard,
        refuse: async () => {
          await grant.discard()
          const reason = 'The application did not accept this user'
          const error = new ProcoreAuthError('ERR_PROCORE_SIGN_IN_REFUSED', reason)
          await events.emit('sign-in-failed', { error })
        },
      }
    },
  }
}

/** A callback's address, and what follows from it. */
interface Callback {
  readonly url: URL
  readonly secure: boolean
  readonly paths: Paths
  readonly state: ReturnType<typeof createLoginState>
}

function defaultLoginPath({ config, redirectUri }: OwnRoutesParts): string {
  if (redirectUri === undefined) return `${config.basePath}/login`
  return resolvePaths(new URL(redirectUri), config.basePath).public.login
}
