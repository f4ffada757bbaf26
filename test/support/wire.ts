import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import type { FaultMoment } from '@procore-auth/simulator'

/** A pair that Procore issued. */
export interface IssuedPair {
  readonly principal: string
  readonly accessToken: string
  readonly refreshToken: string
}

/** A refresh that was sent to Procore. */
export interface SentRefresh {
  readonly principal: string
  readonly refreshToken: string
  /** Epoch milliseconds. */
  readonly at: number
  /** Whether Procore had exchanged this token before. */
  readonly reused: boolean
  /** What Procore did: nothing yet, a new pair, or none. */
  outcome: 'pending' | 'issued' | 'refused'
}

/** A request that waits at a moment. */
export interface Hold {
  /** Resolves when it is there. */
  readonly reached: Promise<void>
  /** Lets it go on. */
  release(): void
}

interface Gate {
  readonly principal: string
  readonly moment: FaultMoment
  /** Returns whether the request goes on. */
  pass(): Promise<boolean>
}

/**
 * The way to Procore's login origin. It knows whose every token is, and can hold or lose the
 * requests of one principal before Procore acts on them or after.
 */
export class Wire {
  readonly origin: string
  /** Every refresh, in order of arrival. */
  readonly refreshes: SentRefresh[] = []
  /** Every pair, in order of issue. */
  readonly issued: IssuedPair[] = []
  /** Access tokens that were revoked. */
  readonly revoked: string[] = []
  /** Called with a refresh before it reaches Procore. */
  onRefresh: (sent: SentRefresh) => Promise<void> = async () => undefined
  /** How long a refresh takes to get to Procore, and its answer to get back. */
  latencyMs = 0
  readonly #server: Server
  readonly #target: string
  readonly #principals = new Map<string, string>()
  readonly #gates = new Set<Gate>()

  private constructor(server: Server, origins: { readonly own: string; readonly target: string }) {
    this.#server = server
    this.#target = origins.target
    this.origin = origins.own
    server.on('request', (req, res) => {
      this.#handle(req, res).catch(() => req.socket.destroy())
    })
  }

  /** Opens a way to an origin. */
  static async open(target: string): Promise<Wire> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    const port = typeof address === 'object' && address ? address.port : 0
    return new Wire(server, { own: `http://127.0.0.1:${port}`, target })
  }

  /** Tells whose an authorization code is. */
  attribute(code: string, principal: string): void {
    this.#principals.set(code, principal)
  }

  /** The refreshes of a principal. */
  of(principal: string): readonly SentRefresh[] {
    return this.refreshes.filter((sent) => sent.principal === principal)
  }

  /** Holds the next refresh of a principal at a moment. */
  hold(principal: string, moment: FaultMoment): Hold {
    let arrive = (): void => undefined
    let release = (): void => undefined
    const reached = new Promise<void>((resolve) => {
      arrive = resolve
    })
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    const pass = async (): Promise<boolean> => {
      this.#gates.delete(gate)
      arrive()
      await released
      return true
    }
    const gate: Gate = { principal, moment, pass }
    this.#gates.add(gate)
    return { reached, release }
  }

  /** Cuts the connection of the next refresh of a principal at a moment. */
  lose(principal: string, moment: FaultMoment): void {
    const pass = async (): Promise<boolean> => !this.#gates.delete(gate)
    const gate: Gate = { principal, moment, pass }
    this.#gates.add(gate)
  }

  /** Closes it, whatever is on its way. */
  async close(): Promise<void> {
    const closed = once(this.#server.close(), 'close')
    this.#server.closeAllConnections()
    await closed
  }

  async #handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const body = await text(req)
    const parameters = new URLSearchParams(body)
    const sent = this.#arrive(parameters)
    if (sent) await this.onRefresh(sent)
    if (!(await this.#pass(sent, 'before-commit')) || req.socket.destroyed) {
      req.socket.destroy()
      return
    }
    const answer = await this.#forward(req, body)
    this.#learn(parameters, { sent, path: req.url ?? '', answer })
    if (!(await this.#pass(sent, 'after-commit'))) {
      req.socket.destroy()
      return
    }
    res.writeHead(answer.status, { 'content-type': answer.type })
    res.end(answer.body)
  }

  #arrive(parameters: URLSearchParams): SentRefresh | undefined {
    const refreshToken = parameters.get('refresh_token')
    if (refreshToken === null) return undefined
    const principal = this.#principals.get(refreshToken) ?? ''
    const earlier = this.refreshes.filter((sent) => sent.refreshToken === refreshToken)
    const reused = earlier.some(({ outcome }) => outcome === 'issued')
    const sent: SentRefresh = {
      principal,
      refreshToken,
      at: Date.now(),
      reused,
      outcome: 'pending',
    }
    this.refreshes.push(sent)
    return sent
  }

  async #pass(sent: SentRefresh | undefined, moment: FaultMoment): Promise<boolean> {
    if (!sent) return true
    if (this.latencyMs > 0) await delay(this.latencyMs)
    for (const gate of this.#gates) {
      if (gate.principal === sent.principal && gate.moment === moment) return gate.pass()
    }
    return true
  }

  async #forward(req: IncomingMessage, body: string): Promise<Answer> {
    const { authorization, 'content-type': type } = req.headers
    const { method = 'GET' } = req
    const response = await fetch(`${this.#target}${req.url}`, {
      method,
      headers: { ...(authorization && { authorization }), ...(type && { 'content-type': type }) },
      ...(method !== 'GET' && { body }),
    })
    return {
      status: response.status,
      type: response.headers.get('content-type') ?? 'text/plain',
      body: await response.text(),
    }
  }

  #learn(
    parameters: URLSearchParams,
    { sent, path, answer }: { sent: SentRefresh | undefined; path: string; answer: Answer },
  ): void {
    const token = parameters.get('token')
    if (path === '/oauth/revoke' && token !== null && answer.status === 200) {
      this.revoked.push(token)
    }
    if (path !== '/oauth/token') return
    if (sent) sent.outcome = answer.status === 200 ? 'issued' : 'refused'
    if (answer.status !== 200) return
    const { access_token: accessToken, refresh_token: refreshToken } = JSON.parse(answer.body)
    const principal = sent?.principal ?? this.#principals.get(parameters.get('code') ?? '') ?? ''
    this.#principals.set(refreshToken, principal)
    this.issued.push({ principal, accessToken, refreshToken })
  }
}

interface Answer {
  readonly status: number
  readonly type: string
  readonly body: string
}
