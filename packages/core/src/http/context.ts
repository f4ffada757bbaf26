import type { ProcoreClient } from '../api/client.js'
import type { AuthReply, AuthRequest, AuthResponse } from '../auth-request.js'
import { ProcoreAuthError } from '../errors.js'
import type { ProcoreUser } from '../token-set.js'
import { type Identity, identify } from './identity.js'
import { redirectToProcore } from './login.js'
import type { Web, WebParts } from './web.js'

/** `req.procore`: who is signed in, and what can be done for them. */
export interface ProcoreContext {
  /** Whether the verified session names somebody. */
  readonly isAuthenticated: boolean
  /** Who signed in; `undefined` when nobody did, and with the option `principal`. */
  readonly user: ProcoreUser | undefined
  /**
   * Calls the API as the signed-in user, with a token that never goes stale.
   *
   * @throws {ProcoreAuthError} `ERR_PROCORE_NOT_AUTHENTICATED` when nobody is signed in
   */
  readonly client: ProcoreClient
  /** Calls the API as the application's service account (DMSA). */
  readonly service: ProcoreClient
  /**
   * Answers the request with a redirect to Procore.
   *
   * @param options `returnTo`: path on this origin to end at
   * @throws {ProcoreAuthError} `ERR_PROCORE_HEADERS_SENT` when there is an answer already
   */
  login(options?: { readonly returnTo?: string }): void
  /**
   * Ends the session in this browser; the grant lives on. The response stays yours to send.
   *
   * @throws {ProcoreAuthError} `ERR_PROCORE_HEADERS_SENT` when it was sent before; the user stays
   *   signed in
   */
  logout(): Promise<void>
  /**
   * Ends the grant at Procore and here, then the session. The response stays yours to send.
   *
   * @throws {ProcoreAuthError} `ERR_PROCORE_NOT_AUTHENTICATED`, `ERR_PROCORE_DISCONNECT_FAILED`;
   *   `ERR_PROCORE_HEADERS_SENT` when the response was sent before, and the grant alone has ended
   */
  disconnect(): Promise<void>
}

/** What `req.procore` is made of. */
export interface ContextParts
  extends Pick<WebParts, 'clientFor' | 'events' | 'manager' | 'serviceClient'> {
  readonly identify: (request: AuthRequest) => Identity | undefined
  readonly login: (request: AuthRequest, returnTo: string | undefined) => AuthResponse
  /** Returns the `Set-Cookie` header that ends the session; absent where it is the application's. */
  readonly endSession?: () => string
}

/** Returns the parts for an application that uses the routes of the core. */
export function contextParts(web: Web): ContextParts {
  return {
    ...web,
    identify: (request) => identify(web, request),
    login: (request, returnTo) => redirectToProcore(web, request, returnTo),
    ...(!web.config.principal && { endSession: () => web.session.clear() }),
  }
}

/** Nothing is read or verified before a member is touched. */
export class RequestContext implements ProcoreContext {
  readonly #parts: ContextParts
  readonly #request: AuthRequest
  readonly #reply: AuthReply
  #identity: Identity | undefined
  #known = false
  #client: { readonly principal: string; readonly client: ProcoreClient } | undefined

  constructor(parts: ContextParts, request: AuthRequest, reply: AuthReply) {
    this.#parts = parts
    this.#request = request
    this.#reply = reply
  }

  get isAuthenticated(): boolean {
    return this.#identify() !== undefined
  }

  get user(): ProcoreUser | undefined {
    return this.#identify()?.user
  }

  get client(): ProcoreClient {
    const { principal } = this.#require()
    if (this.#client?.principal !== principal) {
      this.#client = { principal, client: this.#parts.clientFor(principal) }
    }
    return this.#client.client
  }

  get service(): ProcoreClient {
    return this.#parts.serviceClient()
  }

  login(options: { readonly returnTo?: string } = {}): void {
    this.#assertUnsent('The browser stays where it is')
    this.#reply.send(this.#parts.login(this.#request, options.returnTo))
  }

  async logout(): Promise<void> {
    const identity = this.#identify()
    this.#end('The user stays signed in')
    if (identity) await this.#parts.events.emit('signed-out', { principal: identity.principal })
  }

  async disconnect(): Promise<void> {
    const { manager } = this.#parts
    await manager.disconnect(manager.ref('authorization_code', this.#require().principal))
    this.#end('The grant has ended, but the session has not')
  }

  #identify(): Identity | undefined {
    // The application's session may begin or end while it answers one request.
    if (!this.#parts.endSession) return this.#parts.identify(this.#request)
    if (!this.#known) {
      this.#identity = this.#parts.identify(this.#request)
      this.#known = true
    }
    return this.#identity
  }

  #require(): Identity {
    const identity = this.#identify()
    if (identity) return identity
    throw new ProcoreAuthError(
      'ERR_PROCORE_NOT_AUTHENTICATED',
      'Nobody is signed in: put requireProcore() before this handler, or ask isAuthenticated first',
    )
  }

  #end(otherwise: string): void {
    if (!this.#parts.endSession) return
    this.#assertUnsent(otherwise)
    this.#identity = undefined
    this.#known = true
    this.#client = undefined
    this.#reply.addCookies([this.#parts.endSession()])
  }

  #assertUnsent(otherwise: string): void {
    if (!this.#reply.isSent()) return
    throw new ProcoreAuthError(
      'ERR_PROCORE_HEADERS_SENT',
      `${otherwise}, because the response had been sent: call and await this before you answer`,
    )
  }
}
