import { once } from 'node:events'
import { createServer } from 'node:http'
import { ProcoreStrategy } from '@procore-auth/passport-strategy'
import { createSimulator, type Simulator } from '@procore-auth/simulator'
import express, { type ErrorRequestHandler } from 'express'
import session from 'express-session'
import { Passport } from 'passport'
import OAuth2Strategy from 'passport-oauth2'
import { afterEach, expect, it, vi } from 'vitest'
import { Browser } from './support/browser.js'

afterEach(() => {
  vi.unstubAllEnvs()
})

type Constructor = typeof OAuth2Strategy | typeof ProcoreStrategy
type Done = OAuth2Strategy.VerifyCallback
type Verify = (accessToken: string, refreshToken: string, profile: object, done: Done) => void

/** A program that was written for passport-oauth2; only the class of its strategy differs. */
async function startProgram(Strategy: Constructor, procore: Simulator, options: object) {
  const users = new Map<string, Express.User>()
  const verify: Verify = (accessToken, refreshToken, _profile, done) => {
    fetch(`${procore.apiOrigin}/rest/v1.0/me`, {
      headers: { authorization: `Bearer ${accessToken}` },
    })
      .then((response) => response.json())
      .then((me) => {
        const { login } = Object(me)
        if (login === 'ana@example.com') return done(null, false, { message: 'not invited' })
        users.set(login, { id: login, hasRefreshToken: refreshToken.length > 0 })
        return done(null, users.get(login))
      }, done)
  }
  const strategy: OAuth2Strategy = Reflect.construct(Strategy, [
    {
      authorizationURL: `${procore.loginOrigin}/oauth/authorize`,
      tokenURL: `${procore.loginOrigin}/oauth/token`,
      clientID: procore.app.clientId,
      clientSecret: procore.app.clientSecret,
      callbackURL: 'http://localhost:4567/callback',
      ...options,
    },
    verify,
  ])
  const passport = new Passport()
  passport.use('procore', strategy)
  passport.serializeUser((user, done) => done(null, Object(user).id))
  passport.deserializeUser((id: string, done) => done(null, users.get(id)))
  const app = express()
  app.use(session({ secret: 'program', resave: false, saveUninitialized: false }))
  app.use(passport.session())
  const state: object = { from: 'invitation' }
  app.get('/login', passport.authenticate('procore', Object({ state })))
  app.get(
    '/callback',
    passport.authenticate('procore', { failureRedirect: '/sorry', failureMessage: true }),
    (req, res) => res.json({ state: Object(req.authInfo).state }),
  )
  app.get('/home', (req, res) => res.json(req.user ?? 'nobody'))
  app.get('/sorry', (req, res) => res.json(Object(req.session).messages))
  app.use(onError)
  const server = createServer(app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return {
    origin: `http://127.0.0.1:${port}`,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

const onError: ErrorRequestHandler = (error, _req, res, _next) => {
  const { name, code } = error
  const kinds = {
    token: error instanceof OAuth2Strategy.TokenError,
    internal: error instanceof OAuth2Strategy.InternalOAuthError,
    authorization: error instanceof OAuth2Strategy.AuthorizationError,
  }
  res.status(error.status ?? 500).json({ name, code, ...kinds })
}

/** What a person and Procore do, and what comes of it. */
async function use(origin: string, procore: Simulator): Promise<unknown[]> {
  const browser = new Browser(origin)
  const seen: unknown[] = []
  const come = async (how: { user?: string; decision?: 'deny'; late?: true; error?: string }) => {
    const { searchParams } = new URL((await browser.get('/login')).location)
    const state = searchParams.get('state') ?? ''
    searchParams.delete('state')
    const back = new URL(
      await procore.authorize({
        ...how,
        state,
        redirectUri: searchParams.get('redirect_uri') ?? '',
      }),
    )
    if (how.error) back.search = `?error=${how.error}&state=${state}`
    if (how.late) procore.clock.advance(700_000)
    const answer = await browser.get(back.pathname + back.search)
    seen.push([...searchParams.keys()].sort(), answer.status, answer.location)
    seen.push(answer.location ? (await browser.get(answer.location)).json() : answer.json())
    seen.push((await browser.get('/home')).json())
  }
  await come({ decision: 'deny' })
  await come({ user: 'ana@example.com' })
  await come({ error: 'server_error' })
  await come({ late: true })
  procore.faults.add({ kind: 'html-error', status: 503, on: 'token' })
  await come({})
  await come({ user: 'jim@example.com' })
  return seen
}

it.each([
  ['no store', {}],
  ['a store in the session', { store: true }],
])('a program for passport-oauth2 with %s does the same', async (_, options) => {
  const results: unknown[][] = []
  for (const Strategy of [OAuth2Strategy, ProcoreStrategy]) {
    const procore = await createSimulator({ redirectUris: ['http://localhost:4567/callback'] })
    vi.stubEnv('PROCORE_LOGIN_ORIGIN', procore.loginOrigin)
    vi.stubEnv('PROCORE_API_ORIGIN', procore.apiOrigin)
    vi.stubEnv('PROCORE_AUTH_SECRET', 'a secret of 32 characters and more')
    const program = await startProgram(Strategy, procore, options)
    results.push(await use(program.origin, procore))
    program.close()
    await procore.close()
  }
  const [before = [], after = []] = results
  expect(after.length).toBe(30)
  expect(after.slice(-2)).toEqual([
    { state: { from: 'invitation' } },
    { id: 'jim@example.com', hasRefreshToken: true },
  ])
  // What is lost without a store is found again.
  if (!('store' in options)) before[before.length - 2] = { state: { from: 'invitation' } }
  expect(after).toEqual(before)
})
