import { createProcoreAuth } from '@procore-auth/core'
import type { ProcoreStrategy, ProcoreStrategyOptions } from '@procore-auth/passport-strategy'
import type { Express } from 'express'
import { afterEach, describe, expect, it } from 'vitest'
import { type App, closeApps, type Passport, startApp, strategyOf } from './support/app.js'

afterEach(closeApps)

const LOGIN = '/auth/procore/login'
const CALLBACK = '/auth/procore/callback'

/** Adds a second strategy of the same client to an application. */
function addSecond(app: Express, strategy: ProcoreStrategy, passport: Passport): void {
  passport.use('second', strategy)
  app.get('/second/login', passport.authenticate('second'))
  app.get('/second/callback', passport.authenticate('second'), (req, res) => {
    res.json({ user: req.user, info: req.authInfo })
  })
}

describe('two strategies of one client', () => {
  async function startTwo(): Promise<App> {
    let given: ProcoreStrategyOptions = {}
    return startApp({
      redirectUris: [
        'http://localhost:4567/auth/procore/callback',
        'http://localhost:4567/second/callback',
      ],
      createStrategy: (options) => {
        given = options
        return strategyOf(options, (_access, _refresh, _profile, done) =>
          done(null, { id: 'first' }),
        )
      },
      routes: (app, { passport }) => {
        const callbackURL = 'http://localhost:4567/second/callback'
        const verify = (...[, , , done]: Parameters<Parameters<typeof strategyOf>[1]>): void =>
          done(null, { id: 'second' })
        addSecond(app, strategyOf({ ...given, callbackURL }, verify), passport)
      },
    })
  }

  it('sign in side by side', async () => {
    const app = await startTwo()
    const browser = app.browser()
    const paths = [
      await app.authorize(browser),
      await app.authorize(browser, { from: '/second/login' }),
    ]
    const users: unknown[] = []
    for (const path of paths) users.push(Object((await browser.get(path)).json()).user)
    expect(users).toEqual([{ id: 'first' }, { id: 'second' }])
  })

  it('do not end a login that the other one has started', async () => {
    const app = await startTwo()
    const browser = app.browser()
    const path = await app.authorize(browser)
    const other = path.replace(CALLBACK, '/second/callback')
    expect((await browser.get(other)).status).toBe(403)
    expect(app.procore.ledger.tokenRequests()).toHaveLength(0)
    expect((await browser.get(path)).status).toBe(200)
  })
})

describe('a verify that is async', () => {
  it('may reject in place of done(error): the tokens are revoked', async () => {
    const failure = new Error('database down')
    const app = await startApp({
      createStrategy: (options) => strategyOf(options, () => Promise.reject(failure)),
    })
    const browser = app.browser()
    const path = await app.authorize(browser)
    const answer = await Promise.race([browser.get(path), tooLong()])
    expect(answer).toMatchObject({ status: 500 })
    expect(app.errors).toEqual([failure])
    expect(app.procore.ledger.count({ path: '/oauth/revoke', status: 200 })).toBe(1)
  })

  it('that rejects after done has no say', async () => {
    const app = await startApp({
      createStrategy: (options) =>
        strategyOf(options, async (_access, _refresh, _profile, done) => {
          done(null, { id: 1 })
          throw new Error('too late')
        }),
    })
    const browser = app.browser()
    expect((await browser.get(await app.authorize(browser))).status).toBe(200)
    expect(app.errors).toEqual([])
  })
})

describe('a relative callback URL', () => {
  it('follows no header of a request that comes from elsewhere than the trusted proxy', async () => {
    const app = await startApp({
      options: { callbackURL: CALLBACK },
      routes: (application) => {
        application.set('trust proxy', '10.1.2.3')
      },
    })
    const forged = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'evil.example' }
    const { location } = await app.browser().get(LOGIN, forged)
    const redirectUri = new URL(location).searchParams.get('redirect_uri')
    expect(redirectUri).toBe(`http://127.0.0.1:${app.port}${CALLBACK}`)
  })
})

describe('passport.authenticate', () => {
  it('takes an empty callback URL for none', async () => {
    const app = await startApp({ authenticate: { callbackURL: '' } })
    const browser = app.browser()
    expect((await browser.get(await app.authorize(browser))).status).toBe(200)
  })

  it.each([
    'code[]=a',
    'code=a&code=b',
    'code[x]=a',
    'error[]=a',
    'code=a&error=',
    'code=',
    'error=',
  ])('has no use for ?%s', async (query) => {
    const app = await startApp({
      routes: (application) => {
        application.set('query parser', 'extended')
      },
    })
    const browser = app.browser()
    const started = new URLSearchParams((await app.authorize(browser)).split('?')[1])
    for (const state of [`state=${started.get('state')}`, 'state[]=x', 'state[a]=x', '']) {
      const answer = await browser.get(`${CALLBACK}?${query}&${state}`)
      expect([302, 400, 403, 500, 502]).toContain(answer.status)
      expect((await browser.get('/who')).json()).toEqual({ isAuthenticated: false })
    }
  })

  it('has no use for a code that comes in a body, where no login is read from the query', async () => {
    const app = await startApp({
      routes: (application) => {
        application.use(CALLBACK, (req, _res, next) => {
          Object.assign(req, { body: { code: 'x', state: req.header('x-state') } })
          next()
        })
      },
    })
    const browser = app.browser()
    const started = new URLSearchParams((await app.authorize(browser)).split('?')[1])
    const headers = { 'x-state': started.get('state') ?? '' }
    expect((await browser.get(CALLBACK, headers)).status).toBe(403)
    expect(app.procore.ledger.tokenRequests()).toHaveLength(0)
  })

  it('says once that the session cannot be written, and signs nobody in', async () => {
    const app = await startApp({ session: 'none', authenticate: { session: true } })
    const browser = app.browser()
    expect((await browser.get(await app.authorize(browser))).status).toBe(500)
    expect(String(app.errors)).toContain('session support')
    expect(app.errors).toHaveLength(1)
  })
})

describe('what a login carries', () => {
  it('changes no prototype', async () => {
    const state: unknown = JSON.parse('{"__proto__":{"admin":true},"constructor":{"a":1}}')
    const app = await startApp({ authenticate: { state } })
    const browser = app.browser()
    await browser.get(await app.authorize(browser))
    expect(Object({}).admin).toBeUndefined()
  })
})

describe('the end of a login', () => {
  it.each(['/enter-here', '/enter-here?returnTo=/x', LOGIN, CALLBACK])(
    'is not where it began: %s',
    async (returnTo) => {
      const app = await startApp({ options: { loginPath: '/enter-here' } })
      const browser = app.browser()
      const from = `${LOGIN}?${new URLSearchParams({ returnTo })}`
      const answer = await browser.get(await app.authorize(browser, { from }))
      expect(answer.json()).toMatchObject({ info: { returnTo: '/' } })
    },
  )
})

describe('a principal', () => {
  it.each(['__proto__', 'constructor', 'a:b/c%2F?#', '😀', ' ', '../x', 'a\nb\0c'])(
    'may be %j',
    async (principal) => {
      const app = await startApp({ options: { principal: () => principal } })
      const browser = app.browser()
      await browser.get(await app.authorize(browser))
      expect((await browser.get('/me')).json()).toMatchObject({ login: 'jim@example.com' })
      expect((await app.strategy.auth.status(`${principal}x`)).state).toBe('not-connected')
    },
  )
})

describe('requireProcore()', () => {
  it('after the answer is an error for the application, and not for the process', async () => {
    const app = await startApp({
      routes: (application) => {
        application.use('/me', (_req, res, next) => {
          res.end('answered')
          next()
        })
      },
    })
    expect((await app.browser().get('/me')).text).toBe('answered')
    await expect.poll(() => app.errors).toMatchObject([{ code: 'ERR_HTTP_HEADERS_SENT' }])
  })
})

describe('a ready-made auth', () => {
  const core = {
    environment: 'sandbox',
    clientId: 'client-1',
    clientSecret: 'secret-1',
    secret: 'a secret of 32 characters and more',
  } as const

  function faultsOf(options: ProcoreStrategyOptions): unknown {
    try {
      strategyOf(options, (_access, _refresh, _profile, done) => done(null, false))
    } catch (error) {
      return Object(error).faults
    }
    return []
  }

  it('leaves no option without effect, so that no refusal is forgotten', () => {
    const auth = createProcoreAuth(core)
    const callbackURL = 'http://localhost:4567/auth/procore/callback'
    expect(
      faultsOf({ auth, callbackURL, onSignIn: () => false, defaultReturnTo: '/home' }),
    ).toEqual([expect.stringContaining('onSignIn, defaultReturnTo')])
    const tokenStore = undefined
    expect(faultsOf({ auth, callbackURL, proxy: true, scope: 'a', tokenStore })).toEqual([])
  })

  it.each([
    'http://app.example.com/auth/procore/callback',
    'https://app.example.com',
    'javascript:alert(1)//x',
    'https://',
  ])('needs a callback URL as any other: not %s', (callbackURL) => {
    expect(faultsOf({ auth: createProcoreAuth(core), callbackURL })).toEqual(
      expect.arrayContaining([expect.stringMatching(/^callbackURL /)]),
    )
  })

  it('has its login route below the prefix of the callback URL', async () => {
    const app = await startApp({
      createStrategy: ({ clientID = '', clientSecret = '', environment = '', secret }) => {
        const auth = createProcoreAuth({ clientId: clientID, clientSecret, environment, secret })
        const callbackURL = 'http://localhost:4567/app/auth/procore/callback'
        return strategyOf({ auth, callbackURL }, (_access, _refresh, _profile, done) => done())
      },
    })
    const { location } = await app.browser().get('/me')
    expect(location).toBe('/app/auth/procore/login?returnTo=%2Fme')
  })
})

function tooLong(): Promise<'no answer'> {
  return new Promise((resolve) => {
    setTimeout(() => resolve('no answer'), 2_000).unref()
  })
}
