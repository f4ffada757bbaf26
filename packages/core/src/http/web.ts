import { createHash } from 'node:crypto'
import type { ProcoreClient } from '../api/client.js'
import type { Clock } from '../clock.js'
import type { EventBus } from '../events.js'
import { createSealer } from '../seal.js'
import type { SignInConfig } from '../sign-in/sign-in.js'
import type { LoginStateConfig } from '../state/login-state.js'
import type { TokenManager } from '../tokens/token-manager.js'
import { cookieName } from './cookies.js'
import { type Paths, resolvePaths } from './paths.js'
import { SessionCookie } from './session.js'
import type { WebConfig } from './web-config.js'

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
  readonly login: LoginStateConfig
  readonly secure: boolean
}

/** Derives cookie names, keys and addresses from the configuration. */
export function createWeb(parts: WebParts): Web {
  const { config, clock, randomBytes, scope } = parts
  const secure = config.callbackUrl.protocol === 'https:'
  const instance = createHash('sha256').update(scope).digest('hex').slice(0, 8)
  const sealer = (purpose: string): ReturnType<typeof createSealer> =>
    createSealer(config.secrets, `${purpose} ${scope}`, randomBytes)
  return {
    ...parts,
    secure,
    paths: resolvePaths(config.callbackUrl, config.basePath),
    session: new SessionCookie({
      sealer: sealer('session'),
      clock,
      secure,
      instance,
      maxAgeMs: config.sessionMaxAgeMs,
    }),
    login: {
      sealer: sealer('login'),
      cookiePrefix: `${cookieName('login', { secure, instance })}-`,
      maxAgeMs: config.loginMaxAgeMs,
      clock,
      randomBytes,
      takeOnce: parts.takeOnce,
    },
  }
}
