import { createProcoreAuth, type ProcoreAuth, type ProcoreAuthOptions } from '@procore-auth/core'
import { createSimulator, type Simulator } from '@procore-auth/simulator'
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import supertest from 'supertest'

export type Browser = ReturnType<typeof supertest.agent>

export const OPTIONS = {
  environment: 'sandbox',
  clientId: 'client-1',
  clientSecret: 'secret-1',
  redirectUri: 'http://localhost:4567/auth/procore/callback',
  secret: 'an own secret of 32 characters or more',
} as const

/** An application that listens, and its Procore. */
export class App {
  readonly procore: Simulator
  readonly #app: FastifyInstance

  constructor(procore: Simulator, app: FastifyInstance) {
    this.procore = procore
    this.#app = app
  }

  /** Returns a browser with a cookie jar of its own. */
  browser(): Browser {
    return supertest.agent(this.#app.server).set('accept', 'text/html')
  }

  /** Signs Jim in; returns where the callback leads. */
  async signIn(
    browser: Browser,
    { loginPath = '/auth/procore/login', stripped = '' } = {},
  ): Promise<string | undefined> {
    const login = await browser.get(loginPath).expect(302)
    const asked = new URL(login.headers['location'] ?? '').searchParams
    const back = await this.procore.authorize({
      state: asked.get('state') ?? '',
      redirectUri: asked.get('redirect_uri') ?? '',
    })
    const { pathname, search } = new URL(back)
    const path = pathname.slice(stripped.length) + search
    return (await browser.get(path).expect(303)).headers['location']
  }

  async close(): Promise<void> {
    await this.#app.close()
    await this.procore.close()
  }
}

/** Starts an application that `build` puts together. */
export async function startApp(
  build: (app: FastifyInstance, auth: ProcoreAuth) => Promise<unknown>,
  {
    fastify = {},
    ...options
  }: Partial<ProcoreAuthOptions<FastifyRequest>> & { readonly fastify?: object } = {},
): Promise<App> {
  const { redirectUri = OPTIONS.redirectUri } = options
  const procore = await createSimulator({ redirectUris: [redirectUri] })
  const auth = createProcoreAuth<FastifyRequest>({
    ...OPTIONS,
    environment: { loginOrigin: procore.loginOrigin, apiOrigin: procore.apiOrigin },
    ...procore.app,
    ...options,
  })
  const app = Fastify({ forceCloseConnections: true, ...fastify })
  await build(app, auth)
  await app.listen({ host: '127.0.0.1', port: 0 })
  return new App(procore, app)
}

/** Returns the names of the cookies that an answer sets, without what is random in them. */
export function cookieNames(response: { readonly headers: Record<string, unknown> }): string[] {
  const cookies = response.headers['set-cookie']
  return Array.isArray(cookies)
    ? cookies.map((cookie) => String(cookie).split(/-\w{8}|=/)[0] ?? '')
    : []
}
