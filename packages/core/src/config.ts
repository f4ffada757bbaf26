import { randomBytes } from 'node:crypto'
import { type Clock, systemClock } from './clock.js'
import { type Environment, resolveEnvironment } from './environments.js'
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
import { isProduction, type ProcoreAuthOptions } from './options.js'
import { Secret } from './redact.js'
import type { OnSignIn } from './sign-in/sign-in.js'
import { MemoryTokenStore } from './tokens/memory-token-store.js'
import type { LostRefreshPolicy } from './tokens/renewal.js'
import type { TokenStore } from './tokens/store.js'

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
    showsDetails: !isProduction(),
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
  if (isServer && isProduction()) {
    process.emitWarning(
      'Grants are kept in memory: a restart signs every user out of Procore. Pass a tokenStore.',
      { code: 'PROCORE_AUTH_MEMORY_STORE' },
    )
  }
  return new MemoryTokenStore()
}
