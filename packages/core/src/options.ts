import type { AuthRequest } from './auth-request.js'
import type { Clock } from './clock.js'
import type { CustomEnvironment, EnvironmentName } from './environments.js'
import type { OnSignIn } from './sign-in/sign-in.js'
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

/** Whether the application says that it runs in production, by `NODE_ENV`. */
export function isProduction(): boolean {
  return process.env['NODE_ENV'] === 'production'
}
