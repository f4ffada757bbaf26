import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  type AuthRequest,
  type AuthResponse,
  createProcoreAuth,
  type ProcoreAuth,
  type ProcoreAuthOptions,
  type ProcoreContext,
} from '@procore-auth/core'
import { sendAuthResponse, toAuthReply, toAuthRequest } from '@procore-auth/core/node'

/** One request and its answer. */
export interface Exchange {
  readonly req: IncomingMessage
  readonly res: ServerResponse
}

/** An adapter for `node:http` without a fault, open for others to put one in. */
export class SoundAdapter {
  readonly auth: ProcoreAuth
  readonly #contexts = new WeakMap<IncomingMessage, ProcoreContext>()

  constructor(options: ProcoreAuthOptions) {
    this.auth = this.create(options)
  }

  /** Answers a request, or lets what stands behind the adapter do so. */
  async run(exchange: Exchange, next: () => Promise<void>): Promise<void> {
    if (!(await this.serve(exchange))) await next()
  }

  /** Answers a request for one of the routes; what fails is for the application's error handler. */
  async serve({ req, res }: Exchange): Promise<boolean> {
    const pending = this.handle(this.read(req))
    if (!pending) return false
    this.send(res, await pending)
    return true
  }

  /** Answers a request that may not go on. */
  async guard({ req, res }: Exchange): Promise<boolean> {
    const answer = await this.auth.guard(this.read(req))
    if (!answer) return false
    this.send(res, answer)
    return true
  }

  /** Returns what handlers know as `req.procore`. */
  context({ req, res }: Exchange): ProcoreContext {
    const known = this.#contexts.get(req)
    if (known) return known
    const send = (answer: AuthResponse): void => this.send(res, answer)
    const addCookies = (cookies: readonly string[]): void => this.addCookies(res, cookies)
    const isSent = (): boolean => this.isSent(res)
    const context = this.auth.context(this.read(req), { send, addCookies, isSent })
    this.#contexts.set(req, context)
    return context
  }

  /** Whether a request under this URL belongs to the adapter at all. */
  covers(url: string, path: string): boolean {
    return url.startsWith(`${path}/`)
  }

  protected create(options: ProcoreAuthOptions): ProcoreAuth {
    return createProcoreAuth(options)
  }

  protected handle(request: AuthRequest): Promise<AuthResponse> | undefined {
    return this.auth.handle(request)
  }

  protected read(req: IncomingMessage): AuthRequest {
    return toAuthRequest(req)
  }

  protected send(res: ServerResponse, answer: AuthResponse): void {
    sendAuthResponse(res, answer)
  }

  protected addCookies(res: ServerResponse, cookies: readonly string[]): void {
    toAuthReply(res).addCookies(cookies)
  }

  protected isSent(res: ServerResponse): boolean {
    return toAuthReply(res).isSent()
  }
}
