import { ProcoreStrategy, requireProcore } from '@procore-auth/passport-strategy'
import { createSimulator } from '@procore-auth/simulator'
import express from 'express'
import session from 'express-session'
import passport from 'passport'
import { projectsPage, type User, welcomePage } from './pages.js'

declare global {
  namespace Express {
    interface User {
      readonly id: string
      readonly name: string
    }
  }
}

const { PORT = '4567', PROCORE_AUTH_SECRET, PROCORE_CLIENT_ID } = process.env
const callbackURL = `http://localhost:${PORT}/auth/procore/callback`

// Without an app of your own, an offline Procore.
const simulator = PROCORE_CLIENT_ID
  ? undefined
  : await createSimulator({ redirectUris: [callbackURL] })
// What is not given here comes from the PROCORE_* variables.
const offline = simulator && {
  environment: { loginOrigin: simulator.loginOrigin, apiOrigin: simulator.apiOrigin },
  clientID: simulator.app.clientId,
  clientSecret: simulator.app.clientSecret,
  secret: simulator.app.clientSecret,
}

const users = new Map<string, User>()
const strategy = new ProcoreStrategy(
  { ...offline, callbackURL, defaultReturnTo: '/' },
  (_accessToken, _refreshToken, profile, done) => {
    const user = { id: profile.id, name: profile.displayName }
    users.set(user.id, user)
    done(null, user)
  },
)
passport.use(strategy)
passport.serializeUser((user, done) => done(null, user.id))
passport.deserializeUser((id: string, done) => done(null, users.get(id) ?? false))

const app = express()
app.use(
  session({
    secret: simulator?.app.clientSecret ?? PROCORE_AUTH_SECRET ?? '',
    resave: false,
    saveUninitialized: false,
    cookie: { sameSite: 'lax' },
  }),
)
app.use(passport.session(), strategy.attach())

app.get('/auth/procore/login', passport.authenticate('procore'))
app.get('/auth/procore/callback', passport.authenticate('procore'), (req, res) => {
  res.redirect(303, req.authInfo?.returnTo ?? '/')
})
app.post('/auth/procore/logout', (req, res, next) => {
  req.logout((error) => (error ? next(error) : res.redirect(303, '/')))
})
app.post('/auth/procore/disconnect', async (req, res, next) => {
  await req.procore.disconnect()
  req.logout((error) => (error ? next(error) : res.redirect(303, '/')))
})

app.get('/', (req, res) => {
  res.send(welcomePage(req.user))
})
app.get('/projects', requireProcore(), async (req, res) => {
  res.send(await projectsPage(req.user, req.procore.client))
})

const server = app.listen(Number(PORT), 'localhost', () => {
  console.log(`Open http://localhost:${PORT}`)
  const [user] = simulator?.users ?? []
  if (user) console.log(`and log in as ${user.login}, password ${user.password}`)
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, async () => {
    server.close()
    server.closeAllConnections()
    await strategy.auth.close()
    await simulator?.close()
  })
}
