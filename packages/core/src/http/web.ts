import { createHash } from 'node:crypto'
import type { ProcoreClient } from '../api/client.js'
import type { Clock } from '../clock.js'
import type { EventBus } from '../events.js'
import { createSealer } from '../seal.js'
import type { SignInConfig } from '../sign-in/sign-in.js'
import type { LoginStateConfig } from '../state/login-state.js'
import type { TokenManager } from '../tokens/token-manager.js'
import { cookieName } from './cookies.js'
import type { LoginCookies } from './login-cookies.js'
import { type Paths, resolvePaths } from './paths.js'
import { SessionCookie } from './session.js'
import type { LoginConfig, WebConfig } from './web-config.js'

/** What the routes are made of. */
export interface WebParts {
  readonly config: WebConfig
  /** Environment and client id: what belongs to one is of no use to another. */
  readonly scope: string
  readonly clock: Clock
  readonly randomBytes: (size: number) => Buffer
  readonly events: EventBus
  readonly manager: TokenManager
  readonly signIn: SignInConfig
  readonly takeOnce: LoginStateConfig['takeOnce']
  readonly authorizationUrl: (request: { redirectUri: string; state: string }) => string
  readonly clientFor: (principal: string) => ProcoreClient
  readonly serviceClient: () => ProcoreClient
}

/** The routes' parts, with what is derived from them once. */
export interface Web extends WebParts {
  readonly paths: Paths
  readonly session: SessionCookie
  readonly login: LoginCookies
}

/** Derives cookie names, keys and addresses from the configuration. */
export function createWeb(parts: WebParts): Web {
  const { config, clock, randomBytes, scope } = parts
  const secure = config.callbackUrl.protocol === 'https:'
  return {
    ...parts,
    paths: resolvePaths(config.callbackUrl, config.basePath),
    session: new SessionCookie({
      sealer: createSealer(config.secrets, `session ${scope}`, randomBytes),
      clock,
      secure,
      instance: instanceOf(scope),
      maxAgeMs: config.sessionMaxAgeMs,
    }),
    login: createLoginCookies(parts, secure),
  }
}

/** What the state of logins takes. */
export interface LoginParts extends Pick<WebParts, 'scope' | 'clock' | 'randomBytes' | 'takeOnce'> {
  readonly config: LoginConfig
}

/**
 * Derives cookie name and key of login states.
 *
 * @param secure whether the callback has HTTPS, so that the cookie is bound to it
 */
export function createLoginCookies(parts: LoginParts, secure: boolean): LoginCookies {
  const { clock, config, randomBytes, scope, takeOnce } = parts
  return {
    sealer: createSealer(config.secrets, `login ${scope}`, randomBytes),
    cookiePrefix: `${cookieName('login', { secure, instance: instanceOf(scope) })}-`,
    secure,
    maxAgeMs: config.loginMaxAgeMs,
    clock,
    randomBytes,
    takeOnce,
  }
}

function instanceOf(scope: string): string {
  return createHash('sha256').update(scope).digest('hex').slice(0, 8)
}
