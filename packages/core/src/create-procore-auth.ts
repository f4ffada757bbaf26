import { ProcoreClient } from './api/client.js'
import { createTransport, type Transport } from './api/transport.js'
import { type Config, resolveOptions } from './config.js'
import { ConfigurationError } from './errors.js'
import { EventBus } from './events.js'
import { contextParts, RequestContext } from './http/context.js'
import { guard, guardParts } from './http/guard.js'
import { createOwnRoutes } from './http/own-routes.js'
import { createRoutes } from './http/routes.js'
import { createWeb, type Web, type WebParts } from './http/web.js'
import { exchangeAuthorizationCode } from './oauth/authorization-code.js'
import { authorizationUrl } from './oauth/authorization-url.js'
import { type OAuthClient, OUT_OF_BAND } from './oauth/client.js'
import { requestServiceTokens } from './oauth/client-credentials.js'
import { refreshTokens } from './oauth/refresh-token.js'
import { revokeToken } from './oauth/revoke.js'
import { inspectAccessToken } from './oauth/token-info.js'
import { checkPath, checkRedirectUri } from './option-checks.js'
import { optionsFromEnv, type ProcoreAuthOptions } from './options.js'
import type { ProcoreAuth } from './procore-auth.js'
import { createSealer } from './seal.js'
import { createInstalledApp, INSTALLED_APP_PRINCIPAL } from './sign-in/installed-app.js'
import type { SignInConfig } from './sign-in/sign-in.js'
import { createRowCipher } from './tokens/encryption.js'
import { assertPrincipal } from './tokens/grant-key.js'
import { GrantStore } from './tokens/grant-store.js'
import { revokeAll } from './tokens/revoke-all.js'
import { rotateKeys } from './tokens/rotate-keys.js'
import { TokenManager } from './tokens/token-manager.js'
import type { TokenSource } from './tokens/token-source.js'

const SERVICE_PRINCIPAL = 'service-account'
const auths = new WeakSet<object>()

/**
 * Creates everything from options, or from the `PROCORE_*` variables when there are none.
 *
 * @throws {ConfigurationError} naming every fault at once
 * @example
 * const auth = createProcoreAuth({ environment: 'sandbox', clientId, clientSecret, redirectUri, secret })
 */
export function createProcoreAuth<Raw = unknown>(options?: ProcoreAuthOptions<Raw>): ProcoreAuth {
  return compose(resolveOptions(options ?? optionsFromEnv(), 'any'))
}

/**
 * For adapters: returns what their one argument stands for, ready for web sign-in.
 *
 * @param input ready-made, or options, or nothing for the `PROCORE_*` variables
 * @param use `own-routes` for adapters that call `auth.ownRoutes()`: these need no redirect URI
 * @throws {ConfigurationError} naming every fault at once, a missing redirect URI included
 */
export function resolveProcoreAuth<Raw = unknown>(
  input?: ProcoreAuth | ProcoreAuthOptions<Raw>,
  use: 'web' | 'own-routes' = 'web',
): ProcoreAuth {
  if (!isProcoreAuth(input)) return compose(resolveOptions(input ?? optionsFromEnv(), use))
  if (input.paths || use === 'own-routes') return input
  throw new ConfigurationError(['createProcoreAuth got no redirectUri, and web sign-in needs one'])
}

function isProcoreAuth(value: ProcoreAuth | ProcoreAuthOptions | undefined): value is ProcoreAuth {
  return value !== undefined && auths.has(value)
}

function compose(config: Config): ProcoreAuth {
  const transport = createTransport({
    apiOrigin: config.environment.apiOrigin,
    timeoutMs: config.apiTimeoutMs,
  })
  const events = new EventBus()
  const oauth = oauthClient(config, transport)
  const grants = createGrantStore(config)
  const manager = createManager(config, { grants, oauth, events })
  const client = (identity: 'user' | 'service-account', source: TokenSource): ProcoreClient =>
    new ProcoreClient({ apiOrigin: config.environment.apiOrigin, transport, source, identity })
  const user = (args: [] | [principal: string]) =>
    manager.ref('authorization_code', toPrincipal(args))
  const service = manager.ref('client_credentials', SERVICE_PRINCIPAL)
  const signIn: SignInConfig = {
    manager,
    events,
    onSignIn: config.onSignIn,
    exchange: (granted) => exchangeAuthorizationCode(oauth, granted),
    revoke: (token) => revokeToken(oauth, token),
    createClient: (source) => client('user', source),
  }
  const forUser: ProcoreAuth['forUser'] = (...args) => client('user', manager.source(user(args)))
  const forService = (): ProcoreClient => client('service-account', manager.source(service))
  const parts = {
    ...webParts(config, { grants, manager, events, signIn, oauth }),
    clientFor: forUser,
    serviceClient: forService,
  }
  const auth: ProcoreAuth = Object.freeze({
    environment: config.environment,
    forUser,
    forService,
    installedApp: ({ principal = INSTALLED_APP_PRINCIPAL } = {}) => {
      assertPrincipal(principal)
      const url = authorizationUrl(oauth, { redirectUri: OUT_OF_BAND })
      return createInstalledApp(signIn, {
        authorizationUrl: url,
        redirectUri: OUT_OF_BAND,
        principal,
      })
    },
    status: async (...args) => manager.status(user(args)),
    disconnect: async (...args) => manager.disconnect(user(args)),
    revokeAll: (filter, { onProgress } = {}) => revokeAll(manager, filter, onProgress),
    rotateKeys: ({ onProgress } = {}) =>
      rotateKeys({ grants, clock: config.clock, randomBytes: config.randomBytes }, onProgress),
    on: (name, listener) => events.on(name, listener),
    ownRoutes: (owner) => {
      const { clientId, login, web } = config
      const { loginPath, redirectUri = web?.redirectUri } = owner
      const faults: string[] = []
      if (!login) faults.push('secret is missing, and web sign-in needs one')
      if (loginPath !== undefined) checkPath(faults, 'loginPath', loginPath)
      if (redirectUri !== undefined) checkRedirectUri(faults, redirectUri)
      if (!login || faults.length > 0) throw new ConfigurationError(faults)
      return createOwnRoutes({ ...parts, clientId, config: login, redirectUri }, owner)
    },
    close: () => transport.close(),
    ...webMethods(config.web && createWeb({ ...parts, config: config.web })),
  } satisfies ProcoreAuth)
  auths.add(auth)
  return auth
}

function oauthClient(config: Config, transport: Transport): OAuthClient {
  return {
    loginOrigin: config.environment.loginOrigin,
    clientId: config.clientId,
    clientSecret: config.clientSecret,
    scope: config.scope,
    fetch: (url, init) => transport.tokenFetch(url, init),
    timeoutMs: config.tokenTimeoutMs,
    clock: config.clock,
  }
}

function createGrantStore(config: Config): GrantStore {
  const { clientId, environment, randomBytes, secrets, tokenStore } = config
  const scope = `${environment.name} ${clientId}`
  const sealer =
    secrets.length > 0 ? createSealer(secrets, `grants ${scope}`, randomBytes) : undefined
  return new GrantStore({
    store: tokenStore,
    cipher: createRowCipher(sealer, { acceptsPlaintext: config.acceptsPlaintextGrants }),
    environment: environment.name,
    clientId,
  })
}

function createManager(
  config: Config,
  parts: {
    readonly grants: GrantStore
    readonly oauth: OAuthClient
    readonly events: EventBus
  },
): TokenManager {
  const { grants, oauth, events } = parts
  const { clock, lostRefresh, randomBytes } = config
  return new TokenManager({
    grants,
    events,
    clock,
    randomBytes,
    lostRefresh,
    refresh: (refreshToken, redirectUri) => refreshTokens(oauth, { refreshToken, redirectUri }),
    requestServiceTokens: () => requestServiceTokens(oauth),
    revoke: (token) => revokeToken(oauth, token),
    inspect: (token) => inspectAccessToken(oauth, token),
  })
}

function webParts(
  config: Config,
  parts: {
    readonly grants: GrantStore
    readonly manager: TokenManager
    readonly events: EventBus
    readonly signIn: SignInConfig
    readonly oauth: OAuthClient
  },
): Omit<WebParts, 'clientFor' | 'config' | 'serviceClient'> {
  const { clientId, clock, environment, randomBytes } = config
  const scope = `${environment.name} ${clientId}`
  const { grants, ...rest } = parts
  return {
    ...rest,
    scope,
    clock,
    randomBytes,
    authorizationUrl: (request: { redirectUri: string; state: string }) =>
      authorizationUrl(parts.oauth, request),
    // Taken under an owner that nobody else has, and never given back.
    takeOnce: (name: string, ttlMs: number) =>
      grants.acquireLease(`${scope} ${name}`, randomBytes(16).toString('hex'), ttlMs),
  }
}

function webMethods(
  web: Web | undefined,
): Pick<ProcoreAuth, 'paths' | 'handle' | 'context' | 'guard'> {
  if (!web) {
    const missing = (): never => {
      throw new ConfigurationError(['web sign-in needs redirectUri and secret'])
    }
    return { paths: undefined, handle: () => undefined, context: missing, guard: missing }
  }
  const forContext = contextParts(web)
  const forGuard = guardParts(web)
  return {
    paths: web.paths.public,
    handle: createRoutes(web),
    context: (request, reply) => new RequestContext(forContext, request, reply),
    guard: (request) => guard(forGuard, request),
  }
}

/** An argument that is there must be a principal: `forUser(undefined)` is a fault, not a default. */
function toPrincipal(args: readonly unknown[]): string {
  if (args.length === 0) return INSTALLED_APP_PRINCIPAL
  const [principal] = args
  assertPrincipal(principal)
  return principal
}
