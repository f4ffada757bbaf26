import type { RateLimits } from './api/rate-limiter.js'
import {
  type Application,
  type DoorkeeperSettings,
  outOfBandUri,
  type RefreshMode,
  type TokenFormat,
} from './doorkeeper/model.js'
import { type RandomBytes, randomHex } from './random.js'
import type { SimulatedUser } from './world.js'

/** What {@link createSimulator} takes. */
export interface SimulatorOptions {
  /** Port of the login origin; the API gets the next one. Default 0: two free ports. */
  readonly port?: number | undefined
  /** Whether a refresh kills the old pair at once or when the new one is first used. Default `strict`. */
  readonly refreshMode?: RefreshMode | undefined
  /** Seconds; default 5400. */
  readonly accessTokenLifetimeSeconds?: number | undefined
  /** Callback URLs of the web application; the out-of-band URI is always registered too. */
  readonly redirectUris?: readonly string[] | undefined
  /** `opaque` (default): 64 hex characters; `jwt`: several hundred characters that look signed. */
  readonly tokenFormat?: TokenFormat | undefined
  /** Scopes of the server, default `public`; `false` or an empty string leaves `scope` out of the answers. */
  readonly scope?: string | false | undefined
  /** Whether code challenges are enforced; default `false`: they are accepted and forgotten. */
  readonly pkce?: boolean | undefined
  /** Credentials of the web application; default random. */
  readonly app?: { readonly clientId: string; readonly clientSecret: string } | undefined
  /** Who can log in; default Jim, of one company, and Ana, of all three. */
  readonly users?: readonly SimulatedUser[] | undefined
  /** API requests of one application; default 3600 an hour and as many in ten seconds. */
  readonly rateLimits?: Partial<RateLimits> | undefined
}

/** Options with every default filled in. */
export interface ResolvedOptions {
  readonly port: number
  readonly settings: DoorkeeperSettings
  readonly app: Application
  readonly serviceApp: Application
  readonly rateLimits: RateLimits
}

const defaultRedirectUris = [
  'http://localhost:4567/callback',
  'http://localhost:4567/auth/procore/callback',
]

/**
 * Fills in the defaults.
 *
 * @param options What the caller passed.
 * @param random Source of the credentials.
 * @returns Resolved options.
 */
export function resolveOptions(options: SimulatorOptions, random: RandomBytes): ResolvedOptions {
  const redirectUris = options.redirectUris ?? defaultRedirectUris
  const credentials = () => ({ clientId: randomHex(random), clientSecret: randomHex(random) })
  const { clientId, clientSecret } = options.app ?? credentials()
  return {
    port: options.port ?? 0,
    settings: {
      refreshMode: options.refreshMode ?? 'strict',
      accessTokenLifetimeSeconds: options.accessTokenLifetimeSeconds ?? 5400,
      tokenFormat: options.tokenFormat ?? 'opaque',
      scope: options.scope === false ? '' : (options.scope ?? 'public'),
      pkce: options.pkce ?? false,
    },
    app: {
      clientId,
      clientSecret,
      name: 'Example app',
      redirectUris: [...new Set([...redirectUris, outOfBandUri])],
    },
    serviceApp: { ...credentials(), name: 'Example service', redirectUris: [outOfBandUri] },
    rateLimits: { perHour: 3600, perTenSeconds: 3600, ...options.rateLimits },
  }
}
