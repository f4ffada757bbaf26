import type { ProcoreClient } from '../api/client.js'
import type { AuthReply, AuthRequest } from '../auth-request.js'
import { ProcoreAuthError } from '../errors.js'
import type { ProcoreUser } from '../token-set.js'
import { type Identity, identify } from './identity.js'
import { redirectToProcore } from './login.js'
import type { Web } from './web.js'

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
   */
  login(options?: { readonly returnTo?: string }): void
  /** Ends the session in this browser; the grant lives on. The response stays yours to send. */
  logout(): Promise<void>
  /**
   * Ends the grant at Procore and here, then the session. The response stays yours to send.
   *
   * @throws {ProcoreAuthError} `ERR_PROCORE_NOT_AUTHENTICATED`, `ERR_PROCORE_DISCONNECT_FAILED`
   */
  disconnect(): Promise<void>
}

/** Nothing is read or verified before a member is touched. */
export class RequestContext implements ProcoreContext {
  readonly #web: Web
  readonly #request: AuthRequest
  readonly #reply: AuthReply
  #identity: Identity | undefined
  #known = false
  #client: ProcoreClient | undefined

  constructor(web: Web, request: AuthRequest, reply: AuthReply) {
    this.#web = web
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
    this.#client ??= this.#web.clientFor(this.#require().principal)
    return this.#client
  }

  get service(): ProcoreClient {
    return this.#web.serviceClient()
  }

  login(options: { readonly returnTo?: string } = {}): void {
    this.#reply.send(redirectToProcore(this.#web, this.#request, options.returnTo))
  }

  async logout(): Promise<void> {
    const identity = this.#identify()
    this.#end()
    if (identity) await this.#web.events.emit('signed-out', { principal: identity.principal })
  }

  async disconnect(): Promise<void> {
    const { manager } = this.#web
    await manager.disconnect(manager.ref('authorization_code', this.#require().principal))
    this.#end()
  }

  #identify(): Identity | undefined {
    if (!this.#known) {
      this.#identity = identify(this.#web, this.#request)
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

  #end(): void {
    if (this.#web.config.principal) return
    this.#identity = undefined
    this.#known = true
    this.#client = undefined
    this.#reply.addCookies([this.#web.session.clear()])
  }
}
