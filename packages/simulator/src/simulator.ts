import type { SimulatorClock } from './clock.js'
import type { RefreshMode } from './doorkeeper/model.js'
import type { Faults } from './faults.js'
import type { Ledger } from './ledger.js'
import type { SimulatedCompany, SimulatedUser } from './world.js'

/** Credentials of a registered application. */
export interface SimulatedApp {
  readonly clientId: string
  readonly clientSecret: string
  /** Registered redirect URIs, the out-of-band URI among them. */
  readonly redirectUris: string[]
}

/** What {@link Simulator.authorize} takes. */
export interface AuthorizeOptions {
  /** Who decides: a user, an id or a login; default the first seeded user. */
  readonly user?: SimulatedUser | string | undefined
  /** Default: the first registered redirect URI. */
  readonly redirectUri?: string | undefined
  /** Comes back with the redirect. */
  readonly state?: string | undefined
  /** Further parameters of the authorization request, for example `code_challenge`. */
  readonly extra?: Readonly<Record<string, string>> | undefined
  /** What the user decides; default `allow`. */
  readonly decision?: 'allow' | 'deny' | undefined
}

/** A running offline Procore. */
export interface Simulator {
  /** Origin of login, consent and OAuth endpoints, for example `http://127.0.0.1:4010`. */
  readonly loginOrigin: string
  /** Origin of the REST endpoints. */
  readonly apiOrigin: string
  /** The web application. */
  readonly app: SimulatedApp
  /** The application of a service account (client credentials). */
  readonly serviceApp: { readonly clientId: string; readonly clientSecret: string }
  /** Who can log in. */
  readonly users: readonly SimulatedUser[]
  /** The companies with their projects. */
  readonly companies: readonly SimulatedCompany[]
  /** The time by which tokens, codes and rate windows expire. */
  readonly clock: SimulatorClock
  /** Every request that arrived. */
  readonly ledger: Ledger
  /** What is to go wrong. */
  readonly faults: Faults
  /** Ends the lifetime of every issued access token; refresh tokens live on. */
  expireAccessTokens(): void
  /**
   * Disconnects the application from a user: all tokens are revoked and consent is asked for again.
   *
   * @param user A user, an id or a login.
   */
  revoke(user: SimulatedUser | string): void
  /**
   * Changes the lifetime of access tokens that are issued from now on.
   *
   * @param seconds The lifetime.
   */
  setAccessTokenLifetime(seconds: number): void
  /**
   * Changes what a refresh does to the old pair from now on.
   *
   * @param mode The mode.
   */
  setRefreshMode(mode: RefreshMode): void
  /**
   * Decides an authorization request in place of a user with a browser.
   *
   * @param options The request and who decides.
   * @returns The address to which the consent page redirects; out of band, the code.
   * @throws {Error} when the request is refused without a redirect; the message names the OAuth error.
   */
  authorize(options?: AuthorizeOptions): Promise<string>
  /** Stops both servers; may be called again. */
  close(): Promise<void>
  /** The same as {@link Simulator.close}. */
  [Symbol.asyncDispose](): Promise<void>
}
