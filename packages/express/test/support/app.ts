import { createServer, type Server } from 'node:http'
import { createRequire } from 'node:module'
import {
  createProcoreAuth,
  type ProcoreAuth,
  type ProcoreAuthOptions,
  type TokenStore,
} from '@procore-auth/core'
import { type ExpressRequest, procoreAuth, requireProcore } from '@procore-auth/express'
import { createSimulator, type Simulator } from '@procore-auth/simulator'
import express5 from 'express'
import supertest from 'supertest'

const express4: typeof express5 = createRequire(import.meta.url)('express4')

/** Both versions that the package promises to work with. */
export const VERSIONS = [
  { name: 'Express 4', express: express4 },
  { name: 'Express 5', express: express5 },
] as const

export type ExpressModule = typeof express5
export type Browser = ReturnType<typeof supertest.agent>

export const REDIRECT_URI = 'http://localhost:4567/auth/procore/callback'
export const SECRET = 'canary0 session secret, 32 characters and more'

/** A clock that a test moves. */
export class TestClock {
  #offset = 0

  now(): number {
    return Date.now() + this.#offset
  }

  async sleep(ms: number): Promise<void> {
    this.#offset += ms
  }

  advance(ms: number): void {
    this.#offset += ms
  }
}

/** One application that listens, its Procore, and what went wrong in it. */
export class App {
  readonly procore: Simulator
  readonly auth: ProcoreAuth
  readonly server: Server
  /** What reached the framework's error handler. */
  readonly errors: unknown[] = []
  readonly clock: TestClock

  constructor(parts: {
    readonly procore: Simulator
    readonly auth: ProcoreAuth
    readonly server: Server
    readonly clock: TestClock
    readonly errors: unknown[]
  }) {
    this.procore = parts.procore
    this.auth = parts.auth
    this.server = parts.server
    this.clock = parts.clock
    this.errors = parts.errors
  }

  /** Returns a browser with a cookie jar of its own. */
  browser(): Browser {
    return supertest.agent(this.server).set('accept', 'text/html,application/xhtml+xml,*/*;q=0.8')
  }

  /** Returns a program that asks for JSON and keeps no cookies. */
  program(): Browser {
    return supertest.agent(this.server).set('accept', 'application/json')
  }

  /** Starts a login in a browser and lets a user allow it; returns the callback's path and query. */
  async authorize(
    browser: Browser,
    how: {
      readonly loginPath?: string
      readonly user?: string
      readonly decision?: 'allow' | 'deny'
      readonly redirectUri?: string
    } = {},
  ): Promise<string> {
    const login = await browser.get(how.loginPath ?? '/auth/procore/login').expect(302)
    return this.allow(login.headers['location'], how)
  }

  /** Lets a user answer the authorization request of a redirect to Procore. */
  async allow(
    location: string | undefined,
    how: { readonly user?: string; readonly decision?: 'allow' | 'deny' } = {},
  ): Promise<string> {
    const asked = new URL(location ?? '')
    const answer = await this.procore.authorize({
      state: asked.searchParams.get('state') ?? '',
      redirectUri: asked.searchParams.get('redirect_uri') ?? '',
      user: how.user,
      decision: how.decision,
    })
    const url = new URL(answer)
    return url.pathname + url.search
  }

  /** Signs a user in in a browser. */
  async signIn(
    browser: Browser,
    how: { readonly loginPath?: string; readonly user?: string } = {},
  ): Promise<void> {
    await browser.get(await this.authorize(browser, how)).expect(303)
  }

  /** How many codes were exchanged, or tried to. */
  get exchanges(): number {
    return this.procore.ledger.tokenRequests('authorization_code').length
  }

  async close(): Promise<void> {
    this.server.closeAllConnections()
    await new Promise((resolve) => this.server.close(resolve))
    await this.auth.close()
    await this.procore.close()
  }
}

/** What a test may change. */
export interface AppSetup {
  readonly options?: Partial<ProcoreAuthOptions<ExpressRequest>>
  readonly redirectUris?: readonly string[]
  /** Put in front of `procoreAuth`. */
  readonly before?: (app: ReturnType<ExpressModule>) => void
  /** Routes of the test's own. */
  readonly routes?: (app: ReturnType<ExpressModule>, auth: ProcoreAuth) => void
}

/** Starts an application with sign-in, a few routes and an error handler that takes notes. */
export async function startApp(express: ExpressModule, setup: AppSetup = {}): Promise<App> {
  const redirectUri = setup.options?.redirectUri ?? REDIRECT_URI
  const procore = await createSimulator({ redirectUris: setup.redirectUris ?? [redirectUri] })
  const clock = new TestClock()
  const { loginOrigin, apiOrigin } = procore
  const auth = createProcoreAuth<ExpressRequest>({
    environment: { loginOrigin, apiOrigin },
    clientId: procore.app.clientId,
    clientSecret: procore.app.clientSecret,
    redirectUri,
    secret: SECRET,
    clock,
    ...setup.options,
  })
  const app = express()
  const errors: unknown[] = []
  setup.before?.(app)
  app.use(procoreAuth(auth))
  setup.routes?.(app, auth)
  addRoutes(app)
  addErrorHandler(app, errors)
  const server = createServer({ maxHeaderSize: 262_144 }, app)
  await listen(server)
  return new App({ procore, auth, server, clock, errors })
}

function addRoutes(app: ReturnType<ExpressModule>): void {
  app.get('/', (_req, res) => {
    res.send('home')
  })
  app.get('/public', (_req, res) => {
    res.send('public')
  })
  app.get('/who', (req, res) => {
    const { isAuthenticated, user } = req.procore
    res.json({ isAuthenticated, user })
  })
  app.get('/me', requireProcore(), (req, res, next) => {
    req.procore.client.get('/rest/v1.0/me').then((me) => res.json(me), next)
  })
  app.all('/guarded', requireProcore(), (_req, res) => {
    res.send('guarded')
  })
}

/** Adds an error handler that notes each error and answers with its status. */
export function addErrorHandler(app: ReturnType<ExpressModule>, errors: unknown[]): void {
  app.use(
    (error: unknown, _req: express5.Request, res: express5.Response, _next: () => void): void => {
      errors.push(error)
      const status =
        error instanceof Error && 'status' in error && typeof error.status === 'number'
          ? error.status
          : 500
      res.status(status).send('handled')
    },
  )
}

/** Makes a server listen on a free port. */
export function listen(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve())
  })
}

/** Returns the `Set-Cookie` headers of an answer. */
export function cookiesOf(response: { readonly headers: Record<string, unknown> }): string[] {
  const cookies = response.headers['set-cookie']
  return Array.isArray(cookies) ? cookies.map(String) : []
}

/** Returns name and value of a `Set-Cookie` header, as a browser sends it back. */
export function pairOf(setCookie: string | undefined): string {
  return setCookie?.split(';')[0] ?? ''
}

/** A store whose methods fail when a test says so. */
export class FailingStore implements TokenStore {
  failing: (keyof TokenStore)[] = []
  readonly #store: TokenStore

  constructor(store: TokenStore) {
    this.#store = store
  }

  async get(...args: Parameters<TokenStore['get']>): ReturnType<TokenStore['get']> {
    this.#check('get')
    return this.#store.get(...args)
  }

  async put(...args: Parameters<TokenStore['put']>): ReturnType<TokenStore['put']> {
    this.#check('put')
    return this.#store.put(...args)
  }

  async delete(...args: Parameters<TokenStore['delete']>): ReturnType<TokenStore['delete']> {
    this.#check('delete')
    return this.#store.delete(...args)
  }

  async acquireLease(
    ...args: Parameters<TokenStore['acquireLease']>
  ): ReturnType<TokenStore['acquireLease']> {
    this.#check('acquireLease')
    return this.#store.acquireLease(...args)
  }

  async releaseLease(
    ...args: Parameters<TokenStore['releaseLease']>
  ): ReturnType<TokenStore['releaseLease']> {
    this.#check('releaseLease')
    return this.#store.releaseLease(...args)
  }

  list(prefix: string): AsyncIterable<string> {
    return this.#store.list(prefix)
  }

  #check(method: keyof TokenStore): void {
    if (this.failing.includes(method)) throw new Error('connection to store lost: canary0-row')
  }
}
