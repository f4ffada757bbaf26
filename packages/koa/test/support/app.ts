import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { createRequire } from 'node:module'
import { createProcoreAuth, type ProcoreAuth, type ProcoreAuthOptions } from '@procore-auth/core'
import type { KoaContext } from '@procore-auth/koa'
import { createSimulator, type Simulator } from '@procore-auth/simulator'
import Koa3 from 'koa'
import supertest from 'supertest'

const require = createRequire(import.meta.url)
const Koa2: typeof Koa3 = require('koa2')

/** Both versions that the package promises to work with. */
export const VERSIONS = [
  { name: 'Koa 2', Koa: Koa2 },
  { name: 'Koa 3', Koa: Koa3 },
] as const

export type KoaClass = typeof Koa3
export type Browser = ReturnType<typeof supertest.agent>

export const REDIRECT_URI = 'http://localhost:4567/auth/procore/callback'

/** An application that listens, and its Procore. */
export class App {
  readonly procore: Simulator
  /** What reached `app.on('error')`. */
  readonly errors: readonly unknown[]
  readonly #server: Server

  constructor(parts: { procore: Simulator; errors: readonly unknown[]; server: Server }) {
    this.procore = parts.procore
    this.errors = parts.errors
    this.#server = parts.server
  }

  /** Returns a browser with a cookie jar of its own. */
  browser(): Browser {
    return supertest.agent(this.#server).set('accept', 'text/html')
  }

  /** Signs Jim in; returns where the callback leads. */
  async signIn(browser: Browser, loginPath = '/auth/procore/login'): Promise<string | undefined> {
    const login = await browser.get(loginPath).expect(302)
    const asked = new URL(login.headers['location'] ?? '').searchParams
    const back = await this.procore.authorize({
      state: asked.get('state') ?? '',
      redirectUri: asked.get('redirect_uri') ?? '',
    })
    const { pathname, search } = new URL(back)
    return (await browser.get(pathname + search).expect(303)).headers['location']
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await once(this.#server.close(), 'close')
    await this.procore.close()
  }
}

/** Starts an application that `build` puts together. */
export async function startApp(
  Koa: KoaClass,
  build: (app: Koa3, auth: ProcoreAuth) => void,
  options: Partial<ProcoreAuthOptions<KoaContext>> = {},
): Promise<App> {
  const { redirectUri = REDIRECT_URI } = options
  const procore = await createSimulator({ redirectUris: [redirectUri] })
  const auth = createProcoreAuth<KoaContext>({
    environment: { loginOrigin: procore.loginOrigin, apiOrigin: procore.apiOrigin },
    ...procore.app,
    redirectUri,
    secret: 'canary0 session secret, 32 characters and more',
    ...options,
  })
  const app = new Koa()
  const errors: unknown[] = []
  app.on('error', (error) => errors.push(error))
  build(app, auth)
  const server = createServer(app.callback()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return new App({ procore, errors, server })
}

/** Returns the names of the cookies that an answer sets, without what is random in them. */
export function cookieNames(response: { readonly headers: Record<string, unknown> }): string[] {
  const cookies = response.headers['set-cookie']
  return Array.isArray(cookies)
    ? cookies.map((cookie) => String(cookie).split(/-\w{8}|=/)[0] ?? '')
    : []
}
