import { createServer, type Server } from 'node:http'
import { createProcoreAuth, type ProcoreAuth } from '@procore-auth/core'
import { type ExpressRequest, procoreAuth, requireProcore } from '@procore-auth/express'
import { createSimulator, type Simulator } from '@procore-auth/simulator'
import supertest from 'supertest'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  App,
  addErrorHandler,
  type Browser,
  cookiesOf,
  listen,
  SECRET,
  startApp,
  TestClock,
  VERSIONS,
} from './support/app.js'

describe.each(VERSIONS)('procoreAuth with $name mounted in a router at /app', ({ express }) => {
  const redirectUri = 'http://localhost:4567/app/auth/procore/callback'
  let procore: Simulator
  let auth: ProcoreAuth
  let server: Server
  let app: App
  let browser: Browser

  beforeEach(async () => {
    procore = await createSimulator({ redirectUris: [redirectUri] })
    auth = createProcoreAuth<ExpressRequest>({
      environment: { loginOrigin: procore.loginOrigin, apiOrigin: procore.apiOrigin },
      clientId: procore.app.clientId,
      clientSecret: procore.app.clientSecret,
      redirectUri,
      secret: SECRET,
    })
    const router = express.Router()
    router.use(procoreAuth(auth))
    router.get('/guarded', requireProcore(), (req, res) => res.json(req.procore.user?.login))
    const whole = express()
    whole.use('/app', router)
    whole.get('/outside', (req, res) => res.json('procore' in req))
    server = createServer(whole)
    await listen(server)
    app = new App({ procore, auth, server, clock: new TestClock(), errors: [] })
    browser = app.browser()
  })
  afterEach(() => app.close())

  it('signs in under /app and comes back under /app', async () => {
    const guarded = await browser.get('/app/guarded?a=1').expect(302)
    const loginPath = guarded.headers['location'] ?? ''
    expect(loginPath).toBe('/app/auth/procore/login?returnTo=%2Fapp%2Fguarded%3Fa%3D1')
    const path = await app.authorize(browser, { loginPath })
    expect(path).toMatch(/^\/app\/auth\/procore\/callback\?/)
    const answer = await browser.get(path).expect(303)
    expect(answer.headers['location']).toBe('/app/guarded?a=1')
    expect((await browser.get('/app/guarded')).body).toBe('jim@example.com')
  })

  it('touches nothing outside', async () => {
    expect((await browser.get('/outside')).body).toBe(false)
    await browser.get('/auth/procore/login').expect(404)
  })
})

describe.each(VERSIONS)('procoreAuth with $name behind a proxy that strips /app', ({ express }) => {
  let app: App

  beforeEach(async () => {
    app = await startApp(express, {
      options: { redirectUri: 'https://example.com/app/auth/procore/callback' },
    })
  })
  afterEach(() => app.close())

  /** Signs in as a browser would: what it asks for under /app arrives without. */
  const endOf = async (loginPath: string): Promise<string | undefined> => {
    const login = await app
      .browser()
      .get(loginPath.replace(/^\/app/, ''))
      .expect(302)
    const cookie = cookiesOf(login)[0]?.split(';')[0] ?? ''
    const path = (await app.allow(login.headers['location'])).replace(/^\/app/, '')
    const answer = await app.browser().get(path).set('cookie', cookie).expect(303)
    return answer.headers['location']
  }

  it('leads back to the page that was guarded, with the prefix', async () => {
    const guarded = await app.browser().get('/guarded?a=1').expect(302)
    const loginPath = guarded.headers['location'] ?? ''
    expect(loginPath).toMatch(/^\/app\/auth\/procore\/login\?/)
    expect(await endOf(loginPath)).toBe('/app/guarded?a=1')
  })

  it.each([
    ['', '/app/'],
    ['?returnTo=/projects', '/app/projects'],
    ['?returnTo=/app/projects', '/app/projects'],
    ['?returnTo=/apple', '/app/apple'],
    ['?returnTo=//evil.example', '/app/'],
  ])('leads to an address with the prefix, once (%s)', async (query, end) => {
    expect(await endOf(`/app/auth/procore/login${query}`)).toBe(end)
    const logout = await app.browser().post(`/auth/procore/logout${query}`).expect(303)
    expect(logout.headers['location']).toBe(end)
  })

  it('shows the way to login with the prefix on an error page', async () => {
    const failed = await app.browser().get('/auth/procore/callback').expect(403)
    expect(failed.text).toContain('href="/app/auth/procore/login"')
  })
})

describe.each(VERSIONS)(
  'two applications of Procore in one application with $name',
  ({ express }) => {
    it('live side by side, each with its own user, grant and cookies', async () => {
      const one = await createSimulator({
        redirectUris: ['http://localhost:4567/one/auth/procore/callback'],
      })
      const two = await createSimulator({
        redirectUris: ['http://localhost:4567/two/auth/procore/callback'],
      })
      const app = express()
      const auths = [one, two].map((procore, index) => {
        const name = index === 0 ? 'one' : 'two'
        const auth = createProcoreAuth<ExpressRequest>({
          environment: { loginOrigin: procore.loginOrigin, apiOrigin: procore.apiOrigin },
          clientId: procore.app.clientId,
          clientSecret: procore.app.clientSecret,
          redirectUri: `http://localhost:4567/${name}/auth/procore/callback`,
          secret: SECRET,
        })
        const router = express.Router()
        router.use(procoreAuth(auth))
        router.get('/me', requireProcore(), (req, res, next) => {
          req.procore.client.get('/rest/v1.0/me').then((me) => res.json(me), next)
        })
        app.use(`/${name}`, router)
        return auth
      })
      const errors: unknown[] = []
      addErrorHandler(app, errors)
      const server = createServer(app)
      await listen(server)
      const browser = supertest.agent(server).set('accept', 'text/html')
      const signIn = async (procore: Simulator, name: string, user: string): Promise<void> => {
        const login = await browser.get(`/${name}/auth/procore/login`).expect(302)
        const asked = new URL(login.headers['location'] ?? '')
        const answer = new URL(
          await procore.authorize({
            state: asked.searchParams.get('state') ?? '',
            redirectUri: asked.searchParams.get('redirect_uri') ?? '',
            user,
          }),
        )
        await browser.get(answer.pathname + answer.search).expect(303)
      }
      await signIn(one, 'one', 'jim@example.com')
      await browser.get('/two/me').expect(302)
      await signIn(two, 'two', 'ana@example.com')
      expect((await browser.get('/one/me')).body.login).toBe('jim@example.com')
      expect((await browser.get('/two/me')).body.login).toBe('ana@example.com')
      await browser.post('/one/auth/procore/logout').expect(303)
      await browser.get('/one/me').expect(302)
      expect((await browser.get('/two/me')).body.login).toBe('ana@example.com')
      expect(errors).toEqual([])
      server.closeAllConnections()
      server.close()
      await Promise.all([...auths, one, two].map((each) => each.close()))
    })
  },
)

describe.each(VERSIONS)('procoreAuth with $name, used twice,', ({ express }) => {
  it('is an error where two instances have the same routes, of which one is never asked', async () => {
    const app = await startApp(express, {
      routes: (routes) => {
        const redirectUri = 'http://localhost:4567/auth/procore/callback'
        const client = { environment: 'sandbox', clientId: 'client-1', clientSecret: 'secret-1' }
        routes.use(procoreAuth({ ...client, redirectUri, secret: SECRET }))
      },
    })
    await app.browser().get('/guarded').expect(500)
    expect(app.errors).toEqual([
      expect.objectContaining({
        code: 'ERR_PROCORE_CONFIGURATION',
        faults: [expect.stringContaining('createProcoreAuth()')],
      }),
    ])
    await app.close()
  })

  it('does no harm with one instance', async () => {
    const app = await startApp(express, {
      routes: (routes, auth) => routes.use(procoreAuth(auth)),
    })
    const browser = app.browser()
    await app.signIn(browser)
    await browser.get('/guarded').expect(200)
    expect(app.errors).toEqual([])
    await app.close()
  })
})

describe.each(VERSIONS)('body parsers with $name', ({ express }) => {
  it.each(['before', 'routes'] as const)('do no harm (%s)', async (place) => {
    const app = await startApp(express, {
      [place]: (routes: ReturnType<typeof express>) => {
        routes.use(express.json(), express.urlencoded({ extended: true }), express.text())
        routes.post('/echo', (req, res) => res.json(req.body))
      },
    })
    const browser = app.browser()
    await app.signIn(browser)
    expect((await browser.post('/echo').send({ a: 1 })).body).toEqual({ a: 1 })
    await browser.post('/auth/procore/logout').type('form').send({ a: 1 }).expect(303)
    await browser.post('/auth/procore/disconnect').send({ a: 1 }).expect(401)
    await app.close()
  })
})

describe('procoreAuth', () => {
  const options = {
    environment: 'sandbox',
    clientId: 'client-1',
    clientSecret: 'secret-1',
    redirectUri: 'http://localhost:4567/auth/procore/callback',
    secret: SECRET,
  }

  it('takes options as well as what createProcoreAuth returns', () => {
    expect(procoreAuth(options)).toBeTypeOf('function')
    expect(procoreAuth(createProcoreAuth(options))).toBeTypeOf('function')
  })

  it('throws at once, naming every fault', () => {
    expect(() => procoreAuth({ ...options, redirectUri: undefined, clientId: '' })).toThrow(
      expect.objectContaining({
        code: 'ERR_PROCORE_CONFIGURATION',
        faults: [expect.stringContaining('clientId'), expect.stringContaining('redirectUri')],
      }),
    )
  })

  it('throws at once for a ready-made one without a redirect URI', () => {
    const auth = createProcoreAuth({ ...options, redirectUri: undefined })
    expect(() => procoreAuth(auth)).toThrow(
      expect.objectContaining({ code: 'ERR_PROCORE_CONFIGURATION' }),
    )
  })
})
