export type { CallOptions, ProcoreClient } from './api/client.js'
export type { AuthReply, AuthRequest, AuthResponse } from './auth-request.js'
export type { Clock } from './clock.js'
export { createProcoreAuth, resolveProcoreAuth } from './create-procore-auth.js'
export {
  type CustomEnvironment,
  ENVIRONMENTS,
  type Environment,
  type EnvironmentName,
} from './environments.js'
export {
  AppNotInstalledError,
  ConfigurationError,
  ERROR_TABLE,
  isProcoreAuthError,
  ProcoreApiError,
  ProcoreAuthError,
  type ProcoreAuthErrorCode,
  ReauthorizationRequiredError,
  TokenRequestError,
  type TokenRequestOutcome,
} from './errors.js'
export type { ProcoreAuthEventName, ProcoreAuthEvents, ProcoreAuthListener } from './events.js'
export { assertAttached, attachProcore, type Exchange, guardAttached } from './http/attach.js'
export type { ProcoreContext } from './http/context.js'
export type { OpenLogin, OwnRoutes, PendingSignIn, RouteOwner } from './http/own-routes.js'
export { optionsFromEnv, type ProcoreAuthOptions } from './options.js'
export type { ProcoreAuth } from './procore-auth.js'
export type { InstalledApp } from './sign-in/installed-app.js'
export type { OnSignIn, SignIn } from './sign-in/sign-in.js'
export type { ProcoreUser } from './token-set.js'
export { MemoryTokenStore } from './tokens/memory-token-store.js'
export type { LostRefreshPolicy } from './tokens/renewal.js'
export type { ConnectedUser, RevocationProgress } from './tokens/revoke-all.js'
export type { RotationProgress } from './tokens/rotate-keys.js'
export type { StoredRecord, TokenStore } from './tokens/store.js'
export type { ConnectionStatus } from './tokens/token-manager.js'
