import { randomBytes } from 'node:crypto'
import type { AuthRequest } from './auth-request.js'
import { type Clock, systemClock } from './clock.js'
import {
  type CustomEnvironment,
  type Environment,
  type EnvironmentName,
  resolveEnvironment,
} from './environments.js'
import { ConfigurationError } from './errors.js'
import type { LoginConfig, WebConfig } from './http/web-config.js'
import {
  checkCredential,
  checkPath,
  checkPositive,
  checkRedirectUri,
  checkSecrets,
  checkStore,
} from './option-checks.js'
import { Secret } from './redact.js'
import type { OnSignIn } from './sign-in/sign-in.js'
import { MemoryTokenStore } from './tokens/memory-token-store.js'
import type { LostRefreshPolicy } from './tokens/renewal.js'
import type { TokenStore } from './tokens/store.js'

/** What an application passes to `createProcoreAuth`. `Raw` is its framework's own request. */
export interface ProcoreAuthOptions<Raw = unknown> {
  /** Which Procore: a name, or an own pair of origins. There is no default. */
  readonly environment: EnvironmentName | (string & Record<never, never>) | CustomEnvironment
  /** Client ID of the app in Procore's Developer Portal. */
  readonly clientId: string
  readonly clientSecret: string
  /**
   * Absolute URL that Procore sends the browser back to, exactly as registered in the Developer
   * Portal; it is never guessed from a request. `https`, or `http` on localhost. Needed for web
   * sign-in only.
   */
  readonly redirectUri?: string | undefined
  /**
   * Seals cookies and stored grants; 32 characters or more, from a random source. Of several the first
   * seals and all open, so that a secret can be replaced without signing anybody out. Needed for web
   * sign-in; without it stored grants are not encrypted.
   */
  readonly secret?: string | readonly string[] | undefined
  /** Where grants are kept. Default: in memory, for one process and until it ends. */
  readonly tokenStore?: TokenStore | undefined
  /**
   * Whether stored grants from a time before there was a secret are read; they are encrypted with their
   * next write, or all at once by `auth.rotateKeys()`. Default false.
   */
  readonly acceptPlaintextGrants?: boolean | undefined
  /**
   * What to do when a refresh was sent and its answer lost, so that nobody knows whether Procore spent
   * the refresh token: `resend` tries once more, which decides; `reauthorize` never sends a token
   * twice and asks the user to sign in again. Default `resend`.
   */
  readonly lostRefresh?: LostRefreshPolicy | undefined
  /**
   * Path under which `login`, `logout` and `disconnect` are served, as this server sees it. Default
   * `/auth/procore`.
   */
  readonly basePath?: string | undefined
  /** Path that sign-in and sign-out lead to when nothing else is asked for. Default `/`. */
  readonly defaultReturnTo?: string | undefined
  /** How long a session cookie is accepted, in seconds. Default 604,800 (7 days). */
  readonly sessionMaxAgeSeconds?: number | undefined
  /** Time a person has between the login route and the callback, in seconds. Default 1,800. */
  readonly loginMaxAgeSeconds?: number | undefined
  /** Sent to Procore only when given; Procore documents no scopes. */
  readonly scope?: string | undefined
  /** Time-out of a request to the token endpoint, in milliseconds. Default 30,000. */
  readonly tokenTimeoutMs?: number | undefined
  /** Time-out of a call to the API: headers, and each pause in the body. Default 60,000 ms. */
  readonly apiTimeoutMs?: number | undefined
  /**
   * Binds Procore to the application's own session: returns the id of the user whom that session
   * names, or `undefined` when nobody is signed in. Without it, sign-in sets a session cookie of its
   * own and the principal is the Procore user's id.
   */
  principal?(request: AuthRequest<Raw>): string | undefined
  /** Called before a sign-in counts; see {@link OnSignIn}. */
  onSignIn?: OnSignIn<Raw> | undefined
  /** Source of time. Default: the machine's clock. */
  readonly clock?: Clock | undefined
  /** Source of randomness. Default: `node:crypto`. */
  readonly randomBytes?: ((size: number) => Buffer) | undefined
}

/** What the code uses: every default filled in, every fault excluded. */
export interface Config {
  readonly environment: Environment
  readonly clientId: string
  readonly clientSecret: Secret
  readonly scope: string | undefined
  readonly tokenStore: TokenStore
  /** The first seals, all open; empty where stored grants are not encrypted. */
  readonly secrets: readonly Secret[]
  readonly acceptsPlaintextGrants: boolean
  readonly lostRefresh: LostRefreshPolicy
  readonly tokenTimeoutMs: number
  readonly apiTimeoutMs: number
  readonly clock: Clock
  readonly randomBytes: (size: number) => Buffer
  readonly onSignIn: OnSignIn | undefined
  /** Absent when there is no secret. */
  readonly login: LoginConfig | undefined
  /** Absent when no redirect URI was given: service accounts and installed apps. */
  readonly web: WebConfig | undefined
}

/**
 * Reads the options from `PROCORE_CLIENT_ID`, `PROCORE_CLIENT_SECRET`, `PROCORE_REDIRECT_URI`,
 * `PROCORE_AUTH_SECRET` (several are separated by commas) and `PROCORE_ENVIRONMENT`, or
 * `PROCORE_LOGIN_ORIGIN` with `PROCORE_API_ORIGIN` for an own pair. Nothing is checked yet.
 *
 * @param env variables to read; default `process.env`
 * @example
 * createProcoreAuth({ ...optionsFromEnv(), onSignIn: async ({ user }) => saveUser(user) })
 */
export function optionsFromEnv(
  env: Readonly<Record<string, string | undefined>> = process.env,
): ProcoreAuthOptions {
  const loginOrigin = env['PROCORE_LOGIN_ORIGIN']
  const apiOrigin = env['PROCORE_API_ORIGIN']
  const name = env['PROCORE_ENVIRONMENT']
  const pair = { loginOrigin: loginOrigin ?? '', apiOrigin: apiOrigin ?? '', ...(name && { name }) }
  return {
    environment: loginOrigin || apiOrigin ? pair : (name ?? ''),
    clientId: env['PROCORE_CLIENT_ID'] ?? '',
    clientSecret: env['PROCORE_CLIENT_SECRET'] ?? '',
    redirectUri: env['PROCORE_REDIRECT_URI'] || undefined,
    secret: env['PROCORE_AUTH_SECRET']
      ?.split(',')
      .map((secret) => secret.trim())
      .filter(Boolean),
  }
}

/**
 * Checks the options and fills in the defaults.
 *
 * @param options what the application passed
 * @param use `web` demands what web sign-in needs, also where no redirect URI was given; `own-routes`
 *   the same without the redirect URI
 * @throws {ConfigurationError} naming every fault at once
 */
export function resolveOptions(
  options: ProcoreAuthOptions,
  use: 'any' | 'web' | 'own-routes',
): Config {
  const faults: string[] = []
  const environment = resolveEnvironment(options.environment)
  if ('faults' in environment) faults.push(...environment.faults)
  checkCredential(faults, 'clientId', options.clientId)
  checkCredential(faults, 'clientSecret', options.clientSecret)
  if (options.clientId && options.clientId === options.clientSecret) {
    faults.push('clientSecret is the same as clientId: copy both from the Developer Portal')
  }
  checkStore(faults, options.tokenStore)
  const tokenTimeoutMs = checkPositive(faults, 'tokenTimeoutMs', options.tokenTimeoutMs ?? 30_000)
  const apiTimeoutMs = checkPositive(faults, 'apiTimeoutMs', options.apiTimeoutMs ?? 60_000)
  for (const name of ['principal', 'onSignIn'] as const) {
    const value: unknown = options[name]
    if (value !== undefined && typeof value !== 'function')
      faults.push(`${name} must be a function`)
  }
  const { lostRefresh = 'resend', acceptPlaintextGrants = false } = options
  if (!['resend', 'reauthorize'].includes(lostRefresh)) {
    faults.push('lostRefresh must be "resend" or "reauthorize"')
  }
  if (typeof acceptPlaintextGrants !== 'boolean') {
    faults.push('acceptPlaintextGrants must be true or false')
  }
  const isWeb = use === 'web' || options.redirectUri !== undefined
  const hasLogin = isWeb || use === 'own-routes' || (options.secret ?? '').length !== 0
  const secrets = hasLogin ? checkSecrets(faults, options.secret) : []
  const login = hasLogin ? resolveLogin(faults, options, secrets) : undefined
  const web = isWeb && login ? resolveWeb(faults, options, login) : undefined
  if (faults.length > 0 || 'faults' in environment) throw new ConfigurationError(faults)
  return {
    environment: environment.environment,
    clientId: options.clientId,
    clientSecret: new Secret(options.clientSecret),
    scope: options.scope,
    tokenStore: options.tokenStore ?? defaultStore(isWeb || use === 'own-routes'),
    secrets,
    acceptsPlaintextGrants: acceptPlaintextGrants,
    lostRefresh,
    tokenTimeoutMs,
    apiTimeoutMs,
    clock: options.clock ?? systemClock,
    randomBytes: options.randomBytes ?? randomBytes,
    onSignIn: options.onSignIn,
    login,
    web,
  }
}

function resolveLogin(
  faults: string[],
  options: ProcoreAuthOptions,
  secrets: readonly Secret[],
): LoginConfig {
  const basePath = checkPath(faults, 'basePath', options.basePath ?? '/auth/procore')
  const maxAge = checkPositive(faults, 'loginMaxAgeSeconds', options.loginMaxAgeSeconds ?? 1_800)
  return {
    secrets,
    basePath: basePath.replace(/\/+$/, ''),
    defaultReturnTo: checkPath(faults, 'defaultReturnTo', options.defaultReturnTo ?? '/'),
    loginMaxAgeMs: maxAge * 1000,
    showsDetails: process.env['NODE_ENV'] !== 'production',
  }
}

function resolveWeb(
  faults: string[],
  options: ProcoreAuthOptions,
  login: LoginConfig,
): WebConfig | undefined {
  const { basePath } = login
  const callbackUrl = checkRedirectUri(faults, options.redirectUri)
  if (
    ['login', 'logout', 'disconnect'].some(
      (name) => callbackUrl?.pathname === `${basePath}/${name}`,
    )
  ) {
    faults.push(`redirectUri is one of the other routes: let it end with ${basePath}/callback`)
  }
  const session = checkPositive(
    faults,
    'sessionMaxAgeSeconds',
    options.sessionMaxAgeSeconds ?? 604_800,
  )
  if (!callbackUrl || options.redirectUri === undefined || faults.length > 0) return undefined
  return {
    ...login,
    redirectUri: options.redirectUri,
    callbackUrl,
    sessionMaxAgeMs: session * 1000,
    principal: options.principal?.bind(options),
  }
}

/** The memory store loses every connection with its process, so production says so, once. */
function defaultStore(isServer: boolean): TokenStore {
  if (isServer && process.env['NODE_ENV'] === 'production') {
    process.emitWarning(
      'Grants are kept in memory: a restart signs every user out of Procore. Pass a tokenStore.',
      { code: 'PROCORE_AUTH_MEMORY_STORE' },
    )
  }
  return new MemoryTokenStore()
}
