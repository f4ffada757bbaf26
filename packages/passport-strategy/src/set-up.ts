import {
  type AuthRequest,
  ConfigurationError,
  ENVIRONMENTS,
  type OwnRoutes,
  optionsFromEnv,
  type ProcoreAuth,
  ProcoreAuthError,
  resolveProcoreAuth,
} from '@procore-auth/core'
import type { Outcome } from './attempt.js'
import { isRelative } from './callback-url.js'
import type { ExpressRequest, ProcoreStrategyOptions } from './types.js'

/** Options that belong to the strategy also where a ready-made `auth` is given; the rest is its. */
const OPTIONS_OF_STRATEGY =
  /^(auth|callbackURL|loginPath|principal|passReqToCallback|authorizationURL|tokenURL|customHeaders|pkce|proxy|scope|scopeSeparator|sessionKey|skipUserProfile|state|store)$/

/** What a strategy works with. */
export interface SetUp {
  readonly auth: ProcoreAuth
  readonly routes: OwnRoutes<Outcome>
  /** Absolute, or a path to be resolved against each request. */
  readonly callbackURL: string
  /** Whether login states are kept by the core: in cookies, for which no session is needed. */
  readonly keepsState: boolean
  /** Whether headers of a proxy are trusted, beside the application's own `trust proxy`. */
  readonly proxy: unknown
  readonly principal: (user: Express.User) => string
}

/**
 * Checks what an application gave to the strategy.
 *
 * @throws {ConfigurationError} naming every fault at once, by the names that Passport's users know
 */
export function setUp(options: ProcoreStrategyOptions, verify: unknown): SetUp {
  const faults: string[] = []
  const { principal = idOf, proxy, state, store } = options
  if (typeof verify !== 'function') faults.push('verify is missing: it is the second argument')
  if (typeof principal !== 'function') faults.push('principal must be a function')
  try {
    const auth = createAuth(options)
    const { loginOrigin } = auth.environment
    for (const name of ['authorizationURL', 'tokenURL'] as const) {
      if (options[name] === undefined || originOf(options[name]) === loginOrigin) continue
      faults.push(`${name} is not on ${loginOrigin}, the login of the environment: leave it out`)
    }
    const routes = auth.ownRoutes<Outcome>({
      principal: ({ raw }: AuthRequest<ExpressRequest>) =>
        raw.user ? principal(raw.user) : undefined,
      loginPath: options.loginPath,
      redirectUri: isRelative(options.callbackURL) ? undefined : options.callbackURL,
    })
    const callbackURL = options.callbackURL ?? routes.redirectUri
    const keepsState = !store && !state
    if (!callbackURL)
      faults.push('callbackURL is missing: set it to the URL registered with Procore')
    else if (faults.length === 0) return { auth, routes, callbackURL, principal, proxy, keepsState }
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    for (const fault of error.faults) {
      faults.push(fault.replaceAll('clientId', 'clientID').replaceAll('redirectUri', 'callbackURL'))
    }
  }
  throw new ConfigurationError(faults)
}

function createAuth(options: ProcoreStrategyOptions): ProcoreAuth {
  const { auth, callbackURL, clientID, environment, principal: _, scope, ...rest } = options
  if (auth) {
    const given = Object.keys(options).filter((name) => Reflect.get(options, name) !== undefined)
    const surplus = given.filter((name) => !OPTIONS_OF_STRATEGY.test(name)).join(', ')
    if (!surplus) return resolveProcoreAuth(auth, 'own-routes')
    throw new ConfigurationError([
      `auth is ready-made: give ${surplus} to createProcoreAuth instead`,
    ])
  }
  const env = optionsFromEnv()
  const loginOrigin = originOf(options.authorizationURL)
  const known = Object.values(ENVIRONMENTS).find((one) => one.loginOrigin === loginOrigin)
  // Of an incomplete pair the core tells what is missing or mistaken.
  const unknown = loginOrigin ? { loginOrigin, apiOrigin: '' } : ''
  return resolveProcoreAuth<ExpressRequest>(
    {
      ...rest,
      environment: environment ?? (known?.name || env.environment || unknown),
      clientId: clientID ?? env.clientId,
      clientSecret: options.clientSecret ?? env.clientSecret,
      secret: options.secret ?? env.secret,
      redirectUri: isRelative(callbackURL) ? undefined : (callbackURL ?? env.redirectUri ?? ''),
      scope: Array.isArray(scope) ? scope.join(options.scopeSeparator ?? ' ') : scope,
    },
    'own-routes',
  )
}

/** Returns the id of an application's user, whose grant it will be. */
function idOf(user: Express.User): string {
  const { id } = Object(user)
  if (typeof id === 'string') return id
  if (typeof id === 'bigint' || Number.isSafeInteger(id)) return String(id)
  throw new ProcoreAuthError(
    'ERR_PROCORE_ARGUMENT_INVALID',
    'The user of the application has no id that is text or a whole number, so nobody knows whose grant this is: give the strategy the option principal: (user) => …',
  )
}

function originOf(url: string | undefined): string | undefined {
  return url !== undefined && URL.canParse(url) ? new URL(url).origin : undefined
}
