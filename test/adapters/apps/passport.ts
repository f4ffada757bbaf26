import { once } from 'node:events'
import { createServer } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { AppPlan, AppRoute, MountPlan, RunningApp } from '@procore-auth/conformance'
import { ProcoreStrategy, requireProcore } from '@procore-auth/passport-strategy'
import type express5 from 'express'
import type { ErrorRequestHandler, RequestHandler, Router } from 'express'
import session from 'express-session'
import { Passport } from 'passport'

/** Starts the suite's application: Passport with express-session, as its users write it. */
export async function startPassport(
  express: typeof express5,
  { mounts, bodyParser, cookie }: AppPlan,
): Promise<RunningApp> {
  const app = express()
  const errors: unknown[] = []
  if (cookie) app.use(setsCookie(cookie))
  if (bodyParser === 'before') app.use(express.json())
  const strategies = mounts.map((mount, index) => {
    const router = express.Router()
    const name = `sid-${index}`
    router.use(session({ name, secret: name, resave: false, saveUninitialized: false }))
    const strategy = addSignIn(router, mount)
    if (bodyParser === 'after') router.use(express.json())
    addRoutes(router, mount)
    app.use(mount.path || '/', router)
    return strategy
  })
  app.use(notes(errors))
  const server = createServer(app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    errors,
    close: async () => {
      server.closeAllConnections()
      await once(server.close(), 'close')
      for (const { auth } of strategies) await auth.close()
    },
  }
}

function addSignIn(router: Router, mount: MountPlan): ProcoreStrategy {
  const { clientId, principal: _, redirectUri = '', ...options } = mount.options
  const users = new Map<string, Express.User>()
  const strategy = new ProcoreStrategy(
    { ...options, clientID: clientId, callbackURL: redirectUri },
    (_accessToken, _refreshToken, { id }, done) => {
      users.set(id, { id })
      done(null, { id })
    },
  )
  const passport = new Passport()
  passport.use(strategy)
  passport.serializeUser((user, done) => done(null, Object(user).id))
  passport.deserializeUser((id, done) => done(null, users.get(String(id)) ?? false))
  router.use(passport.session(), strategy.attach())
  router.get('/auth/procore/login', passport.authenticate('procore'))
  router.get(callbackPath(mount), passport.authenticate('procore'), (req, res) => {
    res.redirect(303, req.authInfo?.returnTo ?? '/')
  })
  router.post('/auth/procore/logout', (req, res, next) => {
    req.logout((error) => (error ? next(error) : res.redirect(303, '/')))
  })
  return strategy
}

/** Returns the path of the redirect URI without what routers and proxies take off. */
function callbackPath({ options, path }: MountPlan): string {
  const { pathname } = new URL(options.redirectUri ?? '')
  const own = pathname.indexOf('/auth/procore/')
  return own < 0 ? pathname.slice(path.length) : pathname.slice(own)
}

function setsCookie(cookie: string): RequestHandler {
  return (_req, res, next) => {
    res.append('set-cookie', cookie)
    next()
  }
}

function addRoutes(router: Router, { routes }: MountPlan): void {
  for (const route of routes) {
    const handlers = [...(route.guarded ? [requireProcore()] : []), handlerOf(route)]
    if (route.method === 'GET') router.get(route.path, handlers)
    else router.post(route.path, handlers)
  }
}

function handlerOf(route: AppRoute): RequestHandler {
  return (req, res, next) => {
    const answer = async (): Promise<void> => {
      const sent = await route.answer(() => req.procore, req.body)
      if (!sent) return
      if ('json' in sent) res.json(sent.json)
      else await pipeline(Readable.from(sent.stream), res.type('text/plain'))
    }
    answer().catch(next)
  }
}

function notes(errors: unknown[]): ErrorRequestHandler {
  return (error, _req, res, _next) => {
    errors.push(error)
    const { status } = Object(error)
    res.status(typeof status === 'number' ? status : 500).send('handled')
  }
}
