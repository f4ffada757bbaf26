import { createServer } from 'node:http'
import {
  ProcoreStrategy,
  type ProcoreStrategyOptions,
  type VerifyWithParameters,
  type VerifyWithRequestAndParameters,
} from '@procore-auth/passport-strategy'
import express from 'express'
import OAuth2Strategy from 'passport-oauth2'
import { afterEach, describe, expect, it } from 'vitest'
import { type App, closeApps, startApp, strategyOf, VERSIONS } from './support/app.js'

afterEach(closeApps)

const LOGIN = '/auth/procore/login'
const CALLBACK = '/auth/procore/callback'

async function signIn(app: App, from = LOGIN): Promise<{ user?: unknown; info?: unknown }> {
  const browser = app.browser()
  const answer = await browser.get(await app.authorize(browser, { from }))
  expect([answer.status, app.errors]).toEqual([200, []])
  return Object(answer.json())
}

const PARAMETERS = {
  access_token: expect.stringMatching(/^[0-9a-f]{64}$/),
  token_type: 'Bearer',
  expires_in: 5400,
  created_at: expect.any(Number),
}

describe.each(VERSIONS)('verify with $name', ({ passport }) => {
  async function argumentsOf(
    create: (
      options: ProcoreStrategyOptions,
      done: (...args: unknown[]) => void,
    ) => ProcoreStrategy,
  ): Promise<unknown[]> {
    let seen: unknown[] = []
    const note = (...args: unknown[]): void => {
      seen = args
    }
    await signIn(await startApp({ passport, createStrategy: (options) => create(options, note) }))
    return seen
  }
  const access = expect.stringMatching(/^[0-9a-f]{64}$/)
  const profile = expect.objectContaining({ provider: 'procore' })
  const request = expect.objectContaining({ method: 'GET' })

  it('is given tokens and profile', async () => {
    const seen = await argumentsOf(
      (options, note) =>
        new ProcoreStrategy({ ...options, passReqToCallback: false }, (a, b, c, done) => {
          note(a, b, c)
          done(null, { id: 1 })
        }),
    )
    expect(seen).toEqual([access, access, profile])
  })

  it('is given what else Procore told, where it has five parameters', async () => {
    const seen = await argumentsOf(
      (options, note) =>
        new ProcoreStrategy(
          { ...options, passReqToCallback: false },
          verifying<VerifyWithParameters>((a, b, c, d, done) => {
            note(a, b, c, d)
            done(null, { id: 1 })
          }),
        ),
    )
    expect(seen).toEqual([access, access, PARAMETERS, profile])
  })

  it('is given the request with passReqToCallback', async () => {
    const seen = await argumentsOf(
      (options, note) =>
        new ProcoreStrategy({ ...options, passReqToCallback: true }, (req, a, b, c, done) => {
          note(req, a, b, c)
          done(null, { id: 1 })
        }),
    )
    expect(seen).toEqual([request, access, access, profile])
  })

  it('is given both, where it has six', async () => {
    const seen = await argumentsOf(
      (options, note) =>
        new ProcoreStrategy(
          { ...options, passReqToCallback: true },
          verifying<VerifyWithRequestAndParameters>((req, a, b, c, d, done) => {
            note(req, a, b, c, d)
            done(null, { id: 1 })
          }),
        ),
    )
    expect(seen).toEqual([request, access, access, PARAMETERS, profile])
  })

  it('adds to info', async () => {
    const app = await startApp({
      passport,
      authenticate: { state: { a: 1 } },
      createStrategy: (options) =>
        strategyOf(options, (_access, _refresh, _profile, done) =>
          done(null, { id: 1 }, { isNew: true }),
        ),
    })
    expect(await signIn(app)).toMatchObject({
      info: { isNew: true, state: { a: 1 }, returnTo: '/' },
    })
  })
})

describe('skipUserProfile', () => {
  it.each([
    ['true', true],
    ['a function', () => true],
    [
      'a function with a callback',
      (_token: string, done: (error: unknown, skip: boolean) => void) => done(null, true),
    ],
  ])('as %s gives verify no profile', async (_, skipUserProfile) => {
    const profiles: unknown[] = []
    const app = await startApp({
      options: { skipUserProfile },
      createStrategy: (options) =>
        strategyOf(options, (_access, _refresh, profile, done) => {
          profiles.push(profile)
          done(null, { id: 'ann' })
        }),
    })
    await signIn(app)
    expect(profiles).toEqual([undefined])
    // A grant is stored with whose it is at Procore, so that leavers can be found.
    expect(await app.strategy.auth.status('ann')).toMatchObject({
      user: { login: 'jim@example.com' },
    })
  })
})

describe('the state', () => {
  it('is in the session with state: true, and single as in passport-oauth2', async () => {
    const app = await startApp({ options: { state: true } })
    const browser = app.browser()
    const path = await app.authorize(browser)
    expect([...browser.jar.keys()]).toEqual(['connect.sid'])
    expect((await browser.get(path)).status).toBe(200)
    expect((await browser.get(path)).status).toBe(403)
    expect((await app.browser().get(path)).status).toBe(403)
  })

  const stores: [string, (kept: Map<string, unknown>) => object][] = [
    [
      'store(req, done) and verify(req, state, done)',
      (kept) => ({
        store: (_req: object, done: Stored) => done(null, keepIn(kept, 'none')),
        verify: (_req: object, state: string, done: Verified) => done(null, kept.has(state)),
      }),
    ],
    [
      'store(req, meta, done) and verify(req, state, meta, done)',
      (kept) => ({
        store: (_req: object, meta: object, done: Stored) => done(null, keepIn(kept, meta)),
        verify: (_req: object, state: string, _meta: object, done: Verified) =>
          done(null, kept.has(state), kept.get(state)),
      }),
    ],
    [
      'store(req, state, meta, done)',
      (kept) => ({
        store: (_req: object, state: unknown, _meta: object, done: Stored) =>
          done(null, keepIn(kept, state)),
        verify: (_req: object, state: string, done: Verified) =>
          done(null, kept.has(state), kept.get(state)),
      }),
    ],
    [
      'store(req, verifier, state, meta, done)',
      (kept) => ({
        store: (_req: object, _v: unknown, state: unknown, _meta: object, done: Stored) =>
          done(null, keepIn(kept, state)),
        verify: (_req: object, state: string, _meta: object, done: Verified) =>
          done(null, kept.has(state), kept.get(state)),
      }),
    ],
  ]

  it.each(stores)('is in a store of one’s own with %s', async (_, createStore) => {
    const kept = new Map<string, unknown>()
    const untyped: object = { store: createStore(kept) }
    const app = await startApp({
      options: untyped,
      session: 'none',
      authenticate: { state: { a: 1 } },
    })
    const browser = app.browser()
    const path = await app.authorize(browser)
    expect(kept.size).toBe(1)
    expect(browser.jar.size).toBe(0)
    expect((await browser.get('/auth/procore/callback?code=x&state=y')).status).toBe(403)
    expect((await browser.get(path)).json()).toMatchObject({ user: { login: 'jim@example.com' } })
  })

  it('leaves procore.login() and requireProcore() as they are', async () => {
    const app = await startApp({ options: { state: true } })
    const browser = app.browser()
    const { location } = await browser.get('/me')
    await browser.get(await app.authorize(browser, { from: location }))
    expect((await browser.get('/me')).status).toBe(200)
  })
})

describe('PKCE', () => {
  it.each([true, 'plain', 'S256'])('as %s works without a session', async (pkce) => {
    const untyped: object = { pkce }
    const app = await startApp({ options: untyped, session: 'none', pkceIsEnforced: true })
    const login = await app.browser().get(LOGIN)
    expect(new URL(login.location).searchParams.get('code_challenge')).not.toBeNull()
    await signIn(app)
  })

  it('works with state: true', async () => {
    await signIn(await startApp({ options: { state: true, pkce: true }, pkceIsEnforced: true }))
  })
})

describe('a relative callback URL', () => {
  const relative = (options: ProcoreStrategyOptions = {}, redirectUri = ''): object => ({
    options: { callbackURL: CALLBACK, ...options },
    redirectUris: [redirectUri || 'http://localhost:4567/x'],
  })
  const redirectUriOf = async (app: App, headers: Record<string, string>): Promise<unknown> => {
    const { location } = await app.browser().get(LOGIN, headers)
    return new URL(location).searchParams.get('redirect_uri')
  }
  const proxied = { 'x-forwarded-proto': 'https, http', 'x-forwarded-host': 'app.example.com' }

  it('is resolved against the address that was asked for', async () => {
    const app = await startApp(relative())
    const uri = await redirectUriOf(app, proxied)
    expect(uri).toBe(`http://127.0.0.1:${app.port}${CALLBACK}`)
  })

  it('follows the headers of a trusted proxy', async () => {
    const app = await startApp(relative({ proxy: true }))
    expect(await redirectUriOf(app, proxied)).toBe(`https://app.example.com${CALLBACK}`)
    const other = await startApp({
      ...relative(),
      routes: (application) => {
        application.set('trust proxy', true)
      },
    })
    expect(await redirectUriOf(other, proxied)).toBe(`https://app.example.com${CALLBACK}`)
  })

  it('signs in, with the exchange naming the URI that the login named', async () => {
    const uri = `https://app.example.com${CALLBACK}`
    const app = await startApp(relative({ proxy: true }, uri))
    const browser = app.browser()
    const login = await browser.get(LOGIN, proxied)
    expect(login.cookies[0]).toMatch(/^__Host-.*; Secure/)
    const state = new URL(login.location).searchParams.get('state') ?? ''
    const back = new URL(await app.procore.authorize({ state, redirectUri: uri }))
    const answer = await browser.get(back.pathname + back.search, proxied)
    expect(answer.json()).toMatchObject({ user: { login: 'jim@example.com' } })
  })

  it('does not take the cookie of an address without HTTPS for one with', async () => {
    const uri = `https://app.example.com${CALLBACK}`
    const app = await startApp(relative({ proxy: true }, uri))
    const browser = app.browser()
    const plain = await browser.get(LOGIN, { 'x-forwarded-host': 'app.example.com' })
    expect(plain.cookies[0]).not.toContain('__Host-')
    const state = new URL(plain.location).searchParams.get('state') ?? ''
    const answer = await browser.get(`${CALLBACK}?code=x&state=${state}`, proxied)
    expect(answer.status).toBe(403)
  })

  it('is relative to the address of the login route', async () => {
    const app = await startApp(relative({ callbackURL: 'callback' }))
    expect(await redirectUriOf(app, {})).toBe(`http://127.0.0.1:${app.port}${CALLBACK}`)
  })
})

describe('passport.authenticate', () => {
  it('takes another callback URL and a scope', async () => {
    const other = 'http://localhost:4567/auth/procore/callback?app=2'
    const app = await startApp({
      redirectUris: [other],
      authenticate: { callbackURL: other, scope: ['a', 'b'] },
    })
    const { searchParams } = new URL((await app.browser().get(LOGIN)).location)
    expect([searchParams.get('redirect_uri'), searchParams.get('scope')]).toEqual([other, 'a b'])
    await signIn(app)
  })

  it('takes a strategy in place of its name, for requests at the same time', async () => {
    const app = await startApp({
      session: 'none',
      routes: (application, { strategy, passport }) => {
        application.get('/direct', passport.authenticate(strategy, { session: false }))
        application.get(CALLBACK, passport.authenticate(strategy, { session: false }), (req, res) =>
          res.json({ user: req.user }),
        )
      },
    })
    const visits = Array.from({ length: 20 }, async (_, index) => {
      const user = index % 2 ? 'jim@example.com' : 'ana@example.com'
      const browser = app.browser()
      const answer = await browser.get(await app.authorize(browser, { from: '/direct', user }))
      expect(answer.json()).toMatchObject({ user: { login: user } })
    })
    await Promise.all(visits)
  })

  it('calls back in place of the next handler', async () => {
    const app = await startApp({
      routes: (application, { passport }) => {
        application.get(CALLBACK, (req, res, next) => {
          passport.authenticate('procore', (error: unknown, user: unknown, info: unknown) => {
            res.json({ error, user, info })
          })(req, res, next)
        })
      },
    })
    const browser = app.browser()
    const path = await app.authorize(browser)
    expect((await browser.get(`${CALLBACK}?code=x&state=y`)).json()).toEqual({
      error: null,
      user: false,
      info: {
        code: 'ERR_PROCORE_STATE_MISMATCH',
        message: 'This sign-in was not started in this browser.',
      },
    })
    expect((await browser.get(path)).json()).toMatchObject({ error: null, info: { returnTo: '/' } })
  })

  it('needs a response at the request, and says so', async () => {
    const { strategy } = await startApp()
    const errors: unknown[] = []
    const attempt: ProcoreStrategy = Object.create(strategy)
    attempt.error = (error: unknown) => errors.push(error)
    const server = createServer()
    attempt.authenticate(Object.create(express.request, { headers: { value: {} } }))
    server.close()
    expect(errors.map(String).join()).toContain('needs Express')
  })
})

describe('a subclass', () => {
  it('adds parameters and reads a profile of its own', async () => {
    class Own extends ProcoreStrategy {
      override authorizationParams(): object {
        return { prompt: 'login' }
      }

      override tokenParams(): object {
        return { audience: 'own' }
      }

      override userProfile(token: string, done: (error?: unknown, profile?: object) => void): void {
        super.userProfile(token, (error, profile) => done(error, { ...profile, own: true }))
      }
    }
    const profiles: unknown[] = []
    const app = await startApp({
      createStrategy: (options) =>
        new Own({ ...options, passReqToCallback: false }, (_access, _refresh, profile, done) => {
          profiles.push(profile)
          done(null, { id: 1 })
        }),
    })
    expect((await app.browser().get(LOGIN)).location).toContain('prompt=login')
    await signIn(app)
    expect(profiles).toMatchObject([{ provider: 'procore', own: true }])
    const outside: unknown[] = []
    app.strategy.userProfile('token', (error) => outside.push(error))
    expect(String(outside[0])).toContain('during a sign-in')
  })
})

describe('what extends OAuth2Strategy', () => {
  it('is one, whose _oauth2 no library can send a refresh with', async () => {
    const app = await startApp()
    await signIn(app)
    expect(app.strategy).toBeInstanceOf(OAuth2Strategy)
    const { _oauth2 } = Object(app.strategy)
    const answer = await new Promise<unknown>((resolve) => {
      const parameters = { grant_type: 'refresh_token' }
      _oauth2.getOAuthAccessToken('x', parameters, (error: unknown) => resolve(error))
    })
    expect(answer).toMatchObject({ statusCode: 400 })
  })
})

type Stored = (error: unknown, state: string) => void
type Verified = (error: unknown, ok: boolean, state?: unknown) => void

function keepIn(kept: Map<string, unknown>, value: unknown): string {
  const state = `state${kept.size}`
  kept.set(state, value)
  return state
}

function verifying<Kind>(verify: Kind): Kind {
  return verify
}
