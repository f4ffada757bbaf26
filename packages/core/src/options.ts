import { randomBytes } from 'node:crypto'
import { type Clock, systemClock } from './clock.js'
import {
  type CustomEnvironment,
  type Environment,
  type EnvironmentName,
  isLoopback,
  resolveEnvironment,
} from './environments.js'
import { ConfigurationError } from './errors.js'
import type { AuthRequest } from './http/types.js'
import type { WebConfig } from './http/web-config.js'
import { Secret } from './redact.js'
import type { OnSignIn } from './sign-in/sign-in.js'
import { MemoryTokenStore } from './tokens/memory-token-store.js'
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
   * Seals cookies; 32 characters or more, from a random source. Of several the first seals and all
   * open, so that a secret can be replaced without signing anybody out. Needed for web sign-in only.
   */
  readonly secret?: string | readonly string[] | undefined
  /** Where grants are kept. Default: in memory, for one process and until it ends. */
  readonly tokenStore?: TokenStore | undefined
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
  readonly tokenTimeoutMs: number
  readonly apiTimeoutMs: number
  readonly clock: Clock
  readonly randomBytes: (size: number) => Buffer
  readonly onSignIn: OnSignIn | undefined
  /** Absent when no redirect URI was given: service accounts and installed apps. */
  readonly web: WebConfig | undefined
}

const MINIMUM_SECRET_LENGTH = 32
const PLACEHOLDER =
  /^(<.*>|\$?\{.*\}|(your|my)[-_ ]?(procore[-_ ]?)?(client[-_ ]?)?(id|secret)|client[-_ ]?(id|secret)|change[-_ ]?me|x{3,}|todo|\.{3})$/i

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
 * @param use `web` demands what web sign-in needs, also where no redirect URI was given
 * @throws {ConfigurationError} naming every fault at once
 */
export function resolveOptions(options: ProcoreAuthOptions, use: 'any' | 'web'): Config {
  const faults: string[] = []
  const environment = resolveEnvironment(options.environment)
  if ('faults' in environment) faults.push(...environment.faults)
  checkCredential(faults, 'clientId', options.clientId)
  checkCredential(faults, 'clientSecret', options.clientSecret)
  if (options.clientId && options.clientId === options.clientSecret) {
    faults.push('clientSecret is the same as clientId: copy both from the Developer Portal')
  }
  checkStore(faults, options.tokenStore)
  const tokenTimeoutMs = positive(faults, 'tokenTimeoutMs', options.tokenTimeoutMs ?? 30_000)
  const apiTimeoutMs = positive(faults, 'apiTimeoutMs', options.apiTimeoutMs ?? 60_000)
  for (const name of ['principal', 'onSignIn'] as const) {
    const value: unknown = options[name]
    if (value !== undefined && typeof value !== 'function')
      faults.push(`${name} must be a function`)
  }
  const web = resolveWeb(faults, options, use)
  if (faults.length > 0 || 'faults' in environment) throw new ConfigurationError(faults)
  return {
    environment: environment.environment,
    clientId: options.clientId,
    clientSecret: new Secret(options.clientSecret),
    scope: options.scope,
    tokenStore: options.tokenStore ?? defaultStore(web),
    tokenTimeoutMs,
    apiTimeoutMs,
    clock: options.clock ?? systemClock,
    randomBytes: options.randomBytes ?? randomBytes,
    onSignIn: options.onSignIn,
    web,
  }
}

function resolveWeb(
  faults: string[],
  options: ProcoreAuthOptions,
  use: 'any' | 'web',
): WebConfig | undefined {
  if (options.redirectUri === undefined && use === 'any') return undefined
  const redirectUri = checkRedirectUri(faults, options.redirectUri)
  const secrets = checkSecrets(faults, options.secret)
  const basePath = checkPath(faults, 'basePath', options.basePath ?? '/auth/procore')
  const defaultReturnTo = checkPath(faults, 'defaultReturnTo', options.defaultReturnTo ?? '/')
  const session = positive(faults, 'sessionMaxAgeSeconds', options.sessionMaxAgeSeconds ?? 604_800)
  const login = positive(faults, 'loginMaxAgeSeconds', options.loginMaxAgeSeconds ?? 1_800)
  if (!redirectUri || faults.length > 0) return undefined
  return {
    redirectUri,
    secrets,
    basePath: basePath.replace(/\/+$/, ''),
    defaultReturnTo,
    sessionMaxAgeMs: session * 1000,
    loginMaxAgeMs: login * 1000,
    principal: options.principal?.bind(options),
    showsDetails: process.env['NODE_ENV'] !== 'production',
  }
}

function checkCredential(
  faults: string[],
  name: 'clientId' | 'clientSecret',
  value: unknown,
): void {
  const variable = name === 'clientId' ? 'PROCORE_CLIENT_ID' : 'PROCORE_CLIENT_SECRET'
  if (typeof value !== 'string' || value.trim() === '') {
    faults.push(
      `${name} is missing: copy it from your app in the Developer Portal (or set ${variable})`,
    )
  } else if (PLACEHOLDER.test(value.trim())) {
    faults.push(`${name} is still a placeholder: copy the real one from the Developer Portal`)
  } else if (!/^[\x21-\x7e]+$/.test(value)) {
    faults.push(`${name} has a space, a line break or another character that no credential has`)
  }
}

function checkStore(faults: string[], store: unknown): void {
  if (store === undefined) return
  const methods = ['get', 'put', 'delete', 'acquireLease', 'releaseLease', 'list']
  const missing = methods.filter(
    (name) =>
      typeof store !== 'object' || store === null || typeof Reflect.get(store, name) !== 'function',
  )
  if (missing.length > 0)
    faults.push(`tokenStore is not a token store: it lacks ${missing.join(', ')}`)
}

function checkRedirectUri(faults: string[], value: unknown): URL | undefined {
  if (value === undefined || value === '') {
    faults.push(
      'redirectUri is missing: set it (or PROCORE_REDIRECT_URI) to the absolute URL registered in the Developer Portal',
    )
    return undefined
  }
  if (typeof value !== 'string' || !URL.canParse(value)) {
    faults.push(
      'redirectUri is not an absolute URL: write it as https://your.app/auth/procore/callback',
    )
    return undefined
  }
  const url = new URL(value)
  if (url.protocol === 'urn:') {
    faults.push('redirectUri is out of band: leave it out and use installedApp() instead')
  } else if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url))) {
    faults.push('redirectUri must use https (http is for localhost only)')
  }
  if (url.hash) faults.push('redirectUri must not have a fragment (RFC 6749, section 3.1.2)')
  if (url.username || url.password) faults.push('redirectUri must not have credentials')
  return url
}

function checkSecrets(faults: string[], value: unknown): Secret[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : value === undefined ? [] : [value]
  if (list.length === 0 || list[0] === '') {
    faults.push(
      `secret is missing: set it (or PROCORE_AUTH_SECRET) to ${MINIMUM_SECRET_LENGTH} or more random characters, for example from "openssl rand -hex 32"`,
    )
    return []
  }
  return list.flatMap((secret, index) => {
    const name = list.length > 1 ? `secret ${index + 1}` : 'secret'
    if (typeof secret !== 'string' || secret.length < MINIMUM_SECRET_LENGTH) {
      faults.push(
        `${name} is too short: it needs ${MINIMUM_SECRET_LENGTH} or more random characters`,
      )
      return []
    }
    if (new Set(secret).size < 8) {
      faults.push(`${name} is not random: make one with "openssl rand -hex 32"`)
      return []
    }
    return [new Secret(secret)]
  })
}

function checkPath(faults: string[], name: string, value: unknown): string {
  if (
    typeof value === 'string' &&
    /^\/(?![/\\])[\x21-\x7e]*$/.test(value) &&
    !/[?#\\]/.test(value)
  ) {
    return value
  }
  faults.push(`${name} must be a path that starts with one "/" and has no query`)
  return '/'
}

function positive(faults: string[], name: string, value: unknown): number {
  if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value
  faults.push(`${name} must be a positive number`)
  return 1
}

/** The memory store loses every connection with its process, so production says so, once. */
function defaultStore(web: WebConfig | undefined): TokenStore {
  if (web && process.env['NODE_ENV'] === 'production') {
    process.emitWarning(
      'Grants are kept in memory: a restart signs every user out of Procore. Pass a tokenStore.',
      { code: 'PROCORE_AUTH_MEMORY_STORE' },
    )
  }
  return new MemoryTokenStore()
}
