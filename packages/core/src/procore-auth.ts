import type { ProcoreClient } from './api/client.js'
import type { AuthReply, AuthRequest, AuthResponse } from './auth-request.js'
import type { Environment } from './environments.js'
import type { ProcoreAuthEventName, ProcoreAuthListener } from './events.js'
import type { ProcoreContext } from './http/context.js'
import type { OwnRoutes, RouteOwner } from './http/own-routes.js'
import type { InstalledApp } from './sign-in/installed-app.js'
import type { ConnectedUser, RevocationProgress } from './tokens/revoke-all.js'
import type { RotationProgress } from './tokens/rotate-keys.js'
import type { ConnectionStatus } from './tokens/token-manager.js'

/** Sign in with Procore for one application in one environment. Frozen; share it. */
export interface ProcoreAuth {
  readonly environment: Environment
  /** Paths of the routes as a browser asks for them; `undefined` without a redirect URI. */
  readonly paths:
    | Readonly<Record<'login' | 'callback' | 'logout' | 'disconnect', string>>
    | undefined
  /**
   * Returns a client for a user outside a request: in a job, a socket, a script.
   *
   * @param principal the Procore user's id, or what the option `principal` returned; without it the
   *   only user of an installed app
   * @throws {ProcoreAuthError} `ERR_PROCORE_ARGUMENT_INVALID`; whether there is a grant shows with
   *   the first call, as {@link ReauthorizationRequiredError}
   */
  forUser(...principal: [] | [principal: string]): ProcoreClient
  /**
   * Returns a client for the application's service account (DMSA). It needs `forCompany` for every
   * call, `/me` and `/companies` included.
   */
  forService(): ProcoreClient
  /**
   * Starts the out-of-band sign-in of an installed app.
   *
   * @param options `principal`: whose grant it becomes, for an app of several users
   */
  installedApp(options?: { readonly principal?: string }): InstalledApp
  /** Tells how a user is connected. Without a principal: the only user of an installed app. */
  status(...principal: [] | [principal: string]): Promise<ConnectionStatus>
  /**
   * Revokes a user's grant at Procore, checks that it is dead, and deletes it. Does nothing when
   * there is none.
   *
   * @throws {ProcoreAuthError} `ERR_PROCORE_DISCONNECT_FAILED`; the grant is kept then
   */
  disconnect(...principal: [] | [principal: string]): Promise<void>
  /**
   * Ends the grants of all users that a filter picks, such as people who left. Grants that Procore does
   * not confirm as ended are kept and listed.
   *
   * @param filter picks by principal and Procore user
   * @param options `onProgress` is told after every grant
   */
  revokeAll(
    filter: (connected: ConnectedUser) => boolean | Promise<boolean>,
    options?: { readonly onProgress?: (progress: RevocationProgress) => void },
  ): Promise<RevocationProgress>
  /**
   * Encrypts all stored grants with the first secret, while the application runs. Afterwards older
   * secrets can be taken out.
   *
   * @param options `onProgress` is told after every row
   */
  rotateKeys(options?: {
    readonly onProgress?: (progress: RotationProgress) => void
  }): Promise<RotationProgress>
  /** Adds a listener; returns a function that removes it. */
  on<Name extends ProcoreAuthEventName>(name: Name, listener: ProcoreAuthListener<Name>): () => void
  /** For adapters: answers a route, or returns `undefined` at once for any other request. */
  handle(request: AuthRequest): Promise<AuthResponse> | undefined
  /** For adapters: makes `req.procore`; cheap, and nothing is read until it is touched. */
  context(request: AuthRequest, reply: AuthReply): ProcoreContext
  /** For adapters: returns what to answer when a request may not go on. */
  guard(request: AuthRequest): Promise<AuthResponse | undefined>
  /**
   * For adapters whose framework has routes and a session of its own: the steps of a sign-in, one by
   * one. The options `redirectUri` and `principal` are not needed for it.
   *
   * @throws {ConfigurationError} without a secret, or with a path or redirect URI that is none
   */
  ownRoutes<Outcome>(owner: RouteOwner): OwnRoutes<Outcome>
  /** Closes the connections to Procore. */
  close(): Promise<void>
}
