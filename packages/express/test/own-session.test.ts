import { inspect } from 'node:util'
import session from 'express-session'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type App, type Browser, cookiesOf, startApp, VERSIONS } from './support/app.js'

declare module 'express-session' {
  interface SessionData {
    userId: string
    visits: number
  }
}

describe.each(VERSIONS)("the application's own session with $name", ({ express }) => {
  let app: App

  beforeEach(async () => {
    app = await startApp(express, {
      options: {
        principal: ({ raw }) => ('session' in raw ? userIdOf(raw.session) : undefined),
      },
      before: (routes) => {
        routes.use(session({ secret: 'own session', resave: false, saveUninitialized: false }))
        routes.post('/enter/:user', (req, res) => {
          req.session.userId = req.params.user
          res.json({})
        })
        routes.use((req, _res, next) => {
          // Changes the session with every request, so that express-session sets its cookie as well.
          if (req.session.userId) req.session.visits = (req.session.visits ?? 0) + 1
          next()
        })
      },
      routes: (routes) => {
        routes.post('/own-logout', (req, res, next) => {
          req.procore.logout().then(() => res.json(req.procore.isAuthenticated), next)
        })
      },
    })
  })
  afterEach(() => app.close())

  /** Signs in to the application. */
  const enter = async (user: string): Promise<Browser> => {
    const browser = app.browser()
    await browser.post(`/enter/${user}`).expect(200)
    return browser
  }

  it('that names nobody gets 401 from login and from the guard', async () => {
    const login = await app.browser().get('/auth/procore/login').expect(401)
    expect(login.text).toContain('ERR_PROCORE_PRINCIPAL_MISSING')
    expect(cookiesOf(login)).toEqual([])
    const who = await app.browser().get('/who')
    expect(who.body).toEqual({ isAuthenticated: false })
    await app.program().get('/guarded').expect(401)
  })

  it('owns the grant: no cookie of ours, and the principal is its user', async () => {
    const browser = await enter('app-user-7')
    const answer = await browser.get(await app.authorize(browser)).expect(303)
    expect(cookiesOf(answer).filter((cookie) => cookie.startsWith('procore-session'))).toEqual([])
    expect((await browser.get('/who')).body).toEqual({ isAuthenticated: true })
    expect((await browser.get('/me')).body).toMatchObject({ login: 'jim@example.com' })
    expect(await app.auth.status('app-user-7')).toMatchObject({ state: 'connected' })
    expect(await app.auth.status('562949953430360')).toEqual({ state: 'not-connected' })
  })

  it('keeps its own Set-Cookie beside ours', async () => {
    const own = await startApp(express, {
      before: (routes) => {
        routes.use(session({ secret: 'own session', resave: true, saveUninitialized: true }))
        routes.use((_req, res, next) => {
          res.append('set-cookie', 'theirs=1')
          next()
        })
      },
    })
    const browser = own.browser()
    const names = (cookies: string[]): string[] => cookies.map((c) => c.split(/[-=.]/)[0] ?? '')
    const login = await browser.get('/auth/procore/login')
    expect(names(cookiesOf(login)).sort()).toEqual(['connect', 'procore', 'theirs'])
    const callback = await browser.get(await own.authorize(browser))
    expect(names(cookiesOf(callback))).toEqual(
      expect.arrayContaining(['theirs', 'procore', 'procore']),
    )
    await own.close()
  })

  it('of another user refuses a callback, and sends nothing', async () => {
    const browser = await enter('ann')
    const path = await app.authorize(browser)
    await browser.post('/enter/bob').expect(200)
    const answer = await browser.get(path).expect(403)
    expect(answer.text).toContain('ERR_PROCORE_STATE_MISMATCH')
    expect(app.exchanges).toBe(0)
    await browser.post('/enter/ann')
    await browser.get(path).expect(303)
    expect(await app.auth.status('bob')).toEqual({ state: 'not-connected' })
  })

  it('that ended meanwhile refuses a callback', async () => {
    const browser = await enter('ann')
    const login = await browser.get('/auth/procore/login')
    const cookie = cookiesOf(login).find((one) => one.startsWith('procore-login')) ?? ''
    const path = await app.allow(login.headers['location'])
    await app.browser().get(path).set('cookie', cookie).expect(401)
    expect(app.exchanges).toBe(0)
  })

  it('does not let one user answer with the double hit of another', async () => {
    const ann = await enter('ann')
    const path = await app.authorize(ann)
    await ann.get(path).expect(303)
    const bob = await enter('bob')
    await bob.get(path).expect(403)
  })

  it('of a user without a grant is led to login, and comes back', async () => {
    const browser = await enter('ann')
    const guarded = await browser.get('/guarded').expect(302)
    await app.signIn(browser, { loginPath: guarded.headers['location'] ?? '' })
    await browser.get('/guarded').expect(200)
  })

  it('is left alone by logout, and disconnect ends the grant alone', async () => {
    const browser = await enter('ann')
    await app.signIn(browser)
    const logout = await browser.post('/auth/procore/logout').expect(303)
    const ownLogout = await browser.post('/own-logout').expect(200)
    expect(ownLogout.body).toBe(true)
    expect(cookiesOf(logout).concat(cookiesOf(ownLogout)).join()).not.toContain('procore')
    expect((await browser.get('/who')).body).toEqual({ isAuthenticated: true })
    await browser.post('/auth/procore/disconnect').expect(303)
    expect((await browser.get('/who')).body).toEqual({ isAuthenticated: true })
    expect(await app.auth.status('ann')).toEqual({ state: 'not-connected' })
  })

  it('keeps 50 users apart who work at once, two of Procore behind them', async () => {
    const logins = ['jim@example.com', 'ana@example.com']
    const visits = Array.from({ length: 50 }, async (_, index) => {
      const login = logins[index % 2] ?? ''
      const browser = await enter(`user-${index}`)
      await app.signIn(browser, { user: login })
      const bodies = await Promise.all([browser.get('/me'), browser.get('/me')])
      for (const { body } of bodies) expect(body.login).toBe(login)
    })
    await Promise.all(visits)
  }, 30_000)
})

describe.each(VERSIONS)('the option principal with $name', ({ express }) => {
  it.each([
    ['null', () => null],
    ['a number', () => 7],
    ['a promise', async () => 'ann'],
    ['an empty text', () => ''],
  ])('that returns %s is an error of the application', async (_, principal) => {
    const untyped: object = { principal }
    const app = await startApp(express, { options: untyped })
    const warnings: unknown[] = []
    const note = (reason: unknown): number => warnings.push(reason)
    process.on('unhandledRejection', note)
    for (const path of ['/auth/procore/login', '/guarded', '/who']) {
      await app.browser().get(path).expect(500)
    }
    await new Promise(setImmediate)
    process.off('unhandledRejection', note)
    expect(warnings).toEqual([])
    expect(app.errors).toHaveLength(3)
    for (const error of app.errors) {
      expect(error, inspect(error)).toMatchObject({ code: 'ERR_PROCORE_ARGUMENT_INVALID' })
    }
    await app.close()
  })

  it('that throws reaches the error handler once per request', async () => {
    const thrown = new Error('session store down')
    const app = await startApp(express, {
      options: {
        principal: () => {
          throw thrown
        },
      },
    })
    for (const path of ['/auth/procore/login', '/guarded', '/who']) {
      await app.browser().get(path).expect(500)
    }
    for (const route of ['logout', 'disconnect']) {
      await app.browser().post(`/auth/procore/${route}`).expect(500)
    }
    expect(app.errors).toEqual([thrown, thrown, thrown, thrown, thrown])
    await app.browser().get('/public').expect(200)
    await app.close()
  })
})

function userIdOf(value: unknown): string | undefined {
  const found = typeof value === 'object' && value !== null && 'userId' in value && value.userId
  return typeof found === 'string' ? found : undefined
}
