import {
  type AuthRequest,
  ConfigurationError,
  ENVIRONMENTS,
  type OwnRoutes,
  optionsFromEnv,
  type ProcoreAuth,
  type ProcoreAuthOptions,
  resolveProcoreAuth,
} from '@procore-auth/core'
import type { Outcome } from './attempt.js'
import { passportFault } from './passport-version.js'
import { idOf } from './principal.js'
import type { ExpressRequest, ProcoreStrategyOptions } from './types.js'

/** Options that a ready-made `auth` was created with. */
const OPTIONS_OF_AUTH = ['environment', 'clientID', 'clientSecret', 'secret', 'tokenStore'] as const

/** What a strategy works with. */
export interface SetUp {
  readonly auth: ProcoreAuth
  readonly routes: OwnRoutes<Outcome>
  /** Absolute, or a path to be resolved against each request. */
  readonly callbackURL: string
  /** Whether headers of a proxy are trusted, beside the application's own `trust proxy`. */
  readonly proxy: unknown
  /** Whether login states are kept by the core: in cookies, for which no session is needed. */
  readonly keepsState: boolean
  readonly principalOf: (user: Express.User) => string
}

/**
 * Checks what an application gave to the strategy.
 *
 * @throws {ConfigurationError} naming every fault at once, by the names that Passport's users know
 */
export function setUp(options: ProcoreStrategyOptions, verify: unknown): SetUp {
  const faults = passportFault()
  if (typeof verify !== 'function') {
    faults.push(
      'verify is missing: pass (accessToken, refreshToken, profile, done) => … as the second argument',
    )
  }
  const { principal }: { readonly principal?: unknown } = options
  if (principal !== undefined && typeof principal !== 'function') {
    faults.push('principal must be a function')
  }
  const principalOf = (user: Express.User): string =>
    options.principal ? options.principal(user) : idOf(user)
  let auth: ProcoreAuth | undefined
  let routes: OwnRoutes<Outcome> | undefined
  try {
    auth = createAuth(options)
    checkEndpoints(faults, options, auth)
    routes = auth.ownRoutes<Outcome>({
      principal: ({ raw }: AuthRequest<ExpressRequest>) =>
        raw.user ? principalOf(raw.user) : undefined,
      loginPath: options.loginPath,
    })
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    faults.push(
      ...error.faults.map((fault) =>
        fault.replaceAll('clientId', 'clientID').replaceAll('redirectUri', 'callbackURL'),
      ),
    )
  }
  const callbackURL = options.callbackURL ?? routes?.redirectUri
  if (routes && !isRelative(callbackURL) && !URL.canParse(callbackURL ?? '')) {
    faults.push('callbackURL is missing: set it to the absolute URL registered with Procore')
  }
  if (auth && routes && callbackURL !== undefined && faults.length === 0) {
    const { proxy, state, store } = options
    return { auth, routes, callbackURL, principalOf, proxy, keepsState: !store && !state }
  }
  throw new ConfigurationError(faults)
}

function createAuth(options: ProcoreStrategyOptions): ProcoreAuth {
  if (options.auth) {
    const surplus = OPTIONS_OF_AUTH.filter((name) => options[name] !== undefined)
    if (surplus.length === 0) return resolveProcoreAuth(options.auth, 'own-routes')
    throw new ConfigurationError([
      `auth is ready-made: give ${surplus.join(', ')} to createProcoreAuth, not to the strategy`,
    ])
  }
  const fromEnv = optionsFromEnv()
  const { callbackURL = fromEnv.redirectUri, clientID = fromEnv.clientId, scope } = options
  const { clientSecret = fromEnv.clientSecret, secret = fromEnv.secret } = options
  const { principal: _, ...rest } = options
  const core: ProcoreAuthOptions<ExpressRequest> = {
    ...rest,
    environment: environmentOf(options, fromEnv),
    clientId: clientID,
    clientSecret,
    secret,
    redirectUri: isRelative(callbackURL) ? undefined : (callbackURL ?? ''),
    scope: Array.isArray(scope) ? scope.join(options.scopeSeparator ?? ' ') : scope,
  }
  return resolveProcoreAuth(core, 'own-routes')
}

/** Whether a callback URL is a path, to be resolved against each request. */
export function isRelative(callbackURL: string | undefined): callbackURL is string {
  return (
    typeof callbackURL === 'string' && callbackURL !== '' && !/^[a-z][\w+.-]*:/i.test(callbackURL)
  )
}

/** Returns the environment that is named, be it by passport-oauth2's option. */
function environmentOf(
  { authorizationURL, environment }: ProcoreStrategyOptions,
  fromEnv: ProcoreAuthOptions,
): ProcoreAuthOptions['environment'] {
  if (environment !== undefined) return environment
  const loginOrigin = originOf(authorizationURL)
  if (loginOrigin === undefined) return fromEnv.environment
  const known = Object.values(ENVIRONMENTS).find((one) => one.loginOrigin === loginOrigin)
  // An incomplete pair, of which the core tells what is missing or mistaken.
  return known?.name ?? (fromEnv.environment || { loginOrigin, apiOrigin: '' })
}

function checkEndpoints(
  faults: string[],
  options: ProcoreStrategyOptions,
  { environment }: ProcoreAuth,
): void {
  for (const name of ['authorizationURL', 'tokenURL'] as const) {
    const origin = originOf(options[name])
    if (options[name] !== undefined && origin !== environment.loginOrigin) {
      faults.push(
        `${name} is not on ${environment.loginOrigin}, the login of the environment: leave it out`,
      )
    }
  }
}

function originOf(url: string | undefined): string | undefined {
  return url !== undefined && URL.canParse(url) ? new URL(url).origin : undefined
}
