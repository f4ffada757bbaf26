import { MemoryTokenStore } from '@procore-auth/core'
import { requireProcore } from '@procore-auth/passport-strategy'
import { afterEach, describe, expect, it } from 'vitest'
import { closeApps, startApp, strategyOf, VERSIONS } from './support/app.js'

afterEach(closeApps)

describe.each(VERSIONS)('signing in with $name', ({ passport }) => {
  it.each(['express-session', 'cookie-session'] as const)('lasts with %s', async (session) => {
    const app = await startApp({ passport, session })
    const browser = app.browser()
    const callback = await browser.get(await app.authorize(browser))
    expect(callback.status).toBe(200)
    const [jim] = app.procore.users
    expect((await browser.get('/who')).json()).toEqual({
      user: { id: jim?.id, login: 'jim@example.com' },
      isAuthenticated: true,
    })
    expect((await browser.get('/me')).json()).toMatchObject({ login: 'jim@example.com' })
    expect((await browser.post('/logout')).json()).toEqual({ is: false })
    expect((await browser.get('/who')).json()).toEqual({ isAuthenticated: false })
    expect(app.errors).toEqual([])
  })

  it('needs no session', async () => {
    const app = await startApp({ passport, session: 'none' })
    const browser = app.browser()
    const callback = await browser.get(await app.authorize(browser))
    expect(callback.json()).toMatchObject({ user: { login: 'jim@example.com' } })
    expect(browser.jar.size).toBe(0)
    expect(app.errors).toEqual([])
  })

  it('gives verify the user as a profile of Passport', async () => {
    const profiles: unknown[] = []
    const app = await startApp({
      passport,
      createStrategy: (options) =>
        strategyOf(options, (_access, _refresh, profile, done) => {
          profiles.push(profile)
          done(null, { id: 1 })
        }),
    })
    const browser = app.browser()
    await browser.get(await app.authorize(browser))
    const [jim] = app.procore.users
    const { id, login, name } = jim ?? {}
    expect(profiles).toEqual([
      {
        provider: 'procore',
        id,
        displayName: name,
        username: login,
        emails: [{ value: login }],
        _json: { id, login, name },
      },
    ])
    expect(typeof id).toBe('string')
    expect(app.procore.ledger.count({ path: '/rest/v1.0/me' })).toBe(1)
  })

  it('stores the grant under the id of the user that verify gave, before the success', async () => {
    const seen: unknown[] = []
    const app = await startApp({
      passport,
      createStrategy: (options) =>
        strategyOf(options, (_access, _refresh, _profile, done) => done(null, { id: 7n })),
      session: 'none',
      routes: (express, { strategy, passport: instance }) => {
        express.get('/auth/procore/callback', (req, res, next) => {
          const authenticate = instance.authenticate(
            'procore',
            { session: false },
            async (error: unknown, user: unknown) => {
              seen.push(error, user, (await strategy.auth.status('7')).state)
              res.end()
            },
          )
          authenticate(req, res, next)
        })
      },
    })
    const browser = app.browser()
    await browser.get(await app.authorize(browser))
    expect(seen).toEqual([null, { id: 7n }, 'connected'])
  })

  it('takes the principal from the option', async () => {
    const app = await startApp({
      passport,
      options: { principal: (user) => `mail:${Object(user).login}` },
    })
    const browser = app.browser()
    await browser.get(await app.authorize(browser))
    expect(await app.strategy.auth.status('mail:jim@example.com')).toMatchObject({
      state: 'connected',
      user: { login: 'jim@example.com' },
    })
    expect((await browser.get('/me')).json()).toMatchObject({ login: 'jim@example.com' })
  })
})

describe('req.procore', () => {
  it('renews the token, once for all who ask', async () => {
    const app = await startApp()
    const browser = app.browser()
    await browser.get(await app.authorize(browser))
    app.procore.expireAccessTokens()
    const answers = await Promise.all(Array.from({ length: 10 }, () => browser.get('/me')))
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200))
    expect(app.procore.ledger.refreshes()).toHaveLength(1)
  })

  it('has a job beside it that calls as the same user', async () => {
    const tokenStore = new MemoryTokenStore()
    const app = await startApp({ options: { tokenStore } })
    const browser = app.browser()
    await browser.get(await app.authorize(browser))
    const [jim] = app.procore.users
    const me = await app.strategy.auth.forUser(jim?.id ?? '').get('/rest/v1.0/me')
    expect(me).toMatchObject({ login: 'jim@example.com' })
  })

  it('is over when the user disconnects, while the session lives on', async () => {
    const app = await startApp()
    const browser = app.browser()
    await browser.get(await app.authorize(browser))
    expect((await browser.post('/disconnect')).status).toBe(200)
    expect((await browser.get('/me')).location).toBe('/auth/procore/login?returnTo=%2Fme')
    expect((await browser.get('/who')).json()).toMatchObject({ isAuthenticated: true })
    expect(app.procore.ledger.count({ path: '/oauth/revoke' })).toBe(1)
  })

  it('never mixes users up, whoever signs in at the same time', async () => {
    const app = await startApp()
    const logins = ['jim@example.com', 'ana@example.com']
    const visits = Array.from({ length: 30 }, async (_, index) => {
      const user = logins[index % 2] ?? ''
      const browser = app.browser()
      const path = await app.authorize(browser, { user })
      expect((await browser.get(path)).json()).toMatchObject({ user: { login: user } })
      expect((await browser.get('/me')).json()).toMatchObject({ login: user })
    })
    await Promise.all(visits)
    expect(app.errors).toEqual([])
  })

  it('follows who is signed in while one request is answered', async () => {
    const app = await startApp({
      routes: (express) => {
        express.get('/switch', (req, res, next) => {
          const before = req.procore.isAuthenticated
          const login = { id: 'ann', login: 'ann' }
          req.login(login, { session: false }, (error) => {
            if (error) next(error)
            else res.json([before, req.procore.isAuthenticated])
          })
        })
      },
    })
    expect((await app.browser().get('/switch')).json()).toEqual([false, true])
  })

  it('is an error that says what to do where a user has no id', async () => {
    const app = await startApp({
      routes: (express) => {
        express.get('/strange', (req, res) => {
          Object.assign(req, { user: { name: 'ann' } })
          res.json(req.procore.isAuthenticated)
        })
      },
    })
    expect((await app.browser().get('/strange')).status).toBe(500)
    expect(app.errors).toEqual([
      expect.objectContaining({
        code: 'ERR_PROCORE_ARGUMENT_INVALID',
        message: expect.stringContaining('principal: (user)'),
      }),
    ])
  })
})

describe('requireProcore()', () => {
  it('leads a browser to login and back, and tells a program 401', async () => {
    const app = await startApp()
    const browser = app.browser()
    const { location } = await browser.get('/me?a=1')
    expect(location).toBe('/auth/procore/login?returnTo=%2Fme%3Fa%3D1')
    const callback = await browser.get(await app.authorize(browser, { from: location }))
    expect(callback.json()).toMatchObject({ info: { returnTo: '/me?a=1' } })
    const program = await app.browser().get('/me', { accept: 'application/json' })
    expect(program.status).toBe(401)
    expect(program.json()).toMatchObject({ error: 'ERR_PROCORE_NOT_AUTHENTICATED' })
    expect((await app.browser().post('/guarded')).status).toBe(401)
  })

  it('leads to loginPath, where the application has it elsewhere', async () => {
    const app = await startApp({ options: { loginPath: '/enter-here' } })
    expect((await app.browser().get('/me')).location).toBe('/enter-here?returnTo=%2Fme')
    expect((await app.browser().get('/enter')).location).toBe('/enter-here?returnTo=%2Fthere')
  })

  it('says what is missing where nothing is attached', async () => {
    const app = await startApp({
      routes: (express) => {
        express.get('/loose', (_req, res, next) => {
          requireProcore()(Object.create(null), res, next)
        })
      },
    })
    expect((await app.browser().get('/loose')).status).toBe(500)
    expect(String(app.errors[0])).toContain('strategy.attach()')
  })
})
