import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import {
  ProcoreStrategy,
  type ProcoreStrategyOptions,
  requireProcore,
  type Verify,
} from '@procore-auth/passport-strategy'
import { createSimulator, type Simulator } from '@procore-auth/simulator'
import cookieSession from 'cookie-session'
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express'
import session from 'express-session'
import passport7 from 'passport'
import passport6 from 'passport6'
import { Browser } from './browser.js'

/** Both versions that the package promises to work with. */
export const VERSIONS = [
  { name: 'Passport 0.6', passport: passport6 },
  { name: 'Passport 0.7', passport: passport7 },
] as const

export type Passport = passport7.Authenticator
export type PassportModule = typeof passport7

export const ORIGIN = 'http://localhost:4567'
export const CALLBACK_URL = `${ORIGIN}/auth/procore/callback`
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

/** Sessions that an application may have. */
export const SESSIONS: Readonly<
  Record<'express-session' | 'cookie-session', () => RequestHandler[]>
> = {
  'express-session': () => [session({ secret: SECRET, resave: false, saveUninitialized: false })],
  // Passport renews sessions, which cookie-session has no method for: what Passport's users add.
  'cookie-session': () => [
    cookieSession({ secret: SECRET }),
    (req, _res, next) => {
      const { session: own } = req
      if (own && !('regenerate' in own)) {
        Object.assign(own, { regenerate: callBack, save: callBack })
      }
      next()
    },
  ],
}

function callBack(done: () => void): void {
  done()
}

/** What a test may change. */
export interface AppSetup {
  readonly passport?: PassportModule
  /** Of the strategy, beyond credentials and secret. */
  readonly options?: ProcoreStrategyOptions
  /** Default: finds or creates a user by the profile's id. */
  readonly createStrategy?: (options: ProcoreStrategyOptions, users: Users) => ProcoreStrategy
  readonly session?: keyof typeof SESSIONS | 'none'
  /** Options of `passport.authenticate`, on both routes. */
  readonly authenticate?: object
  readonly redirectUris?: readonly string[]
  readonly pkceIsEnforced?: boolean
  readonly routes?: (app: Express, parts: { strategy: ProcoreStrategy; passport: Passport }) => void
}

/** The application's own users, by their id at Procore. */
export type Users = Map<string, { readonly id: string; readonly login: string }>

/** One application that listens, its Procore, and what went wrong in it. */
export interface App {
  readonly procore: Simulator
  readonly strategy: ProcoreStrategy
  readonly clock: TestClock
  readonly errors: unknown[]
  readonly users: Users
  readonly port: number
  browser(): Browser
  authorize(browser: Browser, how?: How): Promise<string>
  close(): Promise<void>
}

interface How {
  readonly from?: string
  readonly user?: string
  readonly decision?: 'allow' | 'deny'
}

const running: { close(): Promise<void> }[] = []

/** Ends what the tests of a file have started. */
export async function closeApps(): Promise<void> {
  for (const app of running.splice(0)) await app.close()
}

/** Returns a verify function that finds or creates a user. */
export function findOrCreate(users: Users): Verify {
  return (_accessToken, _refreshToken, profile, done) => {
    const user = { id: profile.id, login: profile.username }
    users.set(user.id, user)
    done(null, user)
  }
}

/** Starts an application that signs users in with Passport. */
export async function startApp(setup: AppSetup = {}): Promise<App> {
  const { passport: module = passport7, authenticate = {} } = setup
  const procore = await createSimulator({
    redirectUris: setup.redirectUris ?? [CALLBACK_URL],
    ...(setup.pkceIsEnforced && { pkce: true }),
  })
  const clock = new TestClock()
  const users: Users = new Map()
  const options = { ...optionsFor(procore), clock, ...setup.options }
  const create = setup.createStrategy ?? withFindOrCreate
  const strategy = create(options, users)
  const passport = new module.Passport()
  passport.use(strategy)
  passport.serializeUser((user, done) => done(null, Object(user).id))
  passport.deserializeUser((id, done) => done(null, users.get(String(id)) ?? false))
  const app = express()
  const errors: unknown[] = []
  const { session: kind = 'express-session' } = setup
  if (kind !== 'none') app.use(...SESSIONS[kind](), passport.session())
  app.use(strategy.attach())
  setup.routes?.(app, { strategy, passport })
  const plan = { ...(kind === 'none' && { session: false }), ...authenticate }
  app.get('/auth/procore/login', passport.authenticate('procore', plan))
  app.get('/auth/procore/callback', passport.authenticate('procore', plan), (req, res) => {
    res.json({ user: req.user, info: req.authInfo })
  })
  addRoutes(app)
  app.use(notes(errors))
  const server = createServer(app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const port = portOf(server)
  const started: App = {
    procore,
    strategy,
    clock,
    errors,
    users,
    port,
    browser: () => new Browser(`http://127.0.0.1:${port}`),
    authorize: async (browser, { from = '/auth/procore/login', user, decision } = {}) => {
      const { location } = await browser.get(from)
      const asked = new URL(location).searchParams
      const back = await procore.authorize({
        state: asked.get('state') ?? '',
        redirectUri: asked.get('redirect_uri') ?? '',
        user,
        decision,
        extra: Object.fromEntries([...asked].filter(([name]) => name.startsWith('code_'))),
      })
      const url = new URL(back)
      return url.pathname + url.search
    },
    close: async () => {
      server.closeAllConnections()
      server.close()
      await strategy.auth.close()
      await procore.close()
    },
  }
  running.push(started)
  return started
}

/** Returns the options that a strategy needs for a simulator. */
export function optionsFor(procore: Simulator): ProcoreStrategyOptions {
  const { app, loginOrigin, apiOrigin } = procore
  return {
    environment: { loginOrigin, apiOrigin },
    clientID: app.clientId,
    clientSecret: app.clientSecret,
    callbackURL: CALLBACK_URL,
    secret: SECRET,
  }
}

function withFindOrCreate(options: ProcoreStrategyOptions, users: Users): ProcoreStrategy {
  return strategyOf(options, findOrCreate(users))
}

function addRoutes(app: Express): void {
  app.get('/who', (req, res) => {
    res.json({ user: req.user, isAuthenticated: req.procore.isAuthenticated })
  })
  app.get('/me', requireProcore(), async (req, res) => {
    res.json(await req.procore.client.get('/rest/v1.0/me'))
  })
  app.post('/guarded', requireProcore(), (_req, res) => {
    res.send('guarded')
  })
  app.get('/enter', (req) => {
    req.procore.login({ returnTo: '/there' })
  })
  app.post('/logout', (req, res, next) => {
    req.logout((error) => (error ? next(error) : res.json({ is: req.procore.isAuthenticated })))
  })
  app.post('/disconnect', async (req, res) => {
    await req.procore.disconnect()
    res.json('disconnected')
  })
}

function notes(errors: unknown[]): ErrorRequestHandler {
  return (error, _req, res, _next) => {
    errors.push(error)
    const { status } = Object(error)
    res.status(typeof status === 'number' ? status : 500).send('handled')
  }
}

function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address ? address.port : 0
}

/** Creates a strategy of the commonest kind. */
export function strategyOf(options: ProcoreStrategyOptions, verify: Verify): ProcoreStrategy {
  return new ProcoreStrategy({ ...options, passReqToCallback: false }, verify)
}
