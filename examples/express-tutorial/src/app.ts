import { type ProcoreAuthOptions, resolveProcoreAuth } from '@procore-auth/core'
import { procoreAuth, requireProcore } from '@procore-auth/express'
import express, { type Express } from 'express'
import type { UserRow, Users } from './database.js'

/**
 * The tutorial's application: sign up and sign in with Procore, and a home page behind it.
 *
 * @param options who this application is at Procore
 * @param users its own users
 */
export function createApp(options: ProcoreAuthOptions, users: Users): Express {
  const auth = resolveProcoreAuth({
    ...options,
    defaultReturnTo: '/home',
    // Signing up and signing in are one: the first time creates the user, later times find it.
    onSignIn: ({ user }) => {
      users.findOrCreate(user)
    },
  })

  const app = express()
  app.set('view engine', 'ejs')
  app.set('views', new URL('../views', import.meta.url).pathname)
  app.locals['paths'] = auth.paths
  app.use(express.static(new URL('../public', import.meta.url).pathname, { index: false }))
  app.use((_req, res, next) => {
    res.set('Content-Security-Policy', "default-src 'none'; style-src 'self'; img-src data:")
    next()
  })

  app.use(procoreAuth(auth))

  app.get('/', (req, res) => {
    res.render('index', { signedIn: req.procore.isAuthenticated })
  })

  app.get('/signin', (_req, res) => {
    res.render('signin')
  })

  app.get('/home', requireProcore(), async (req, res) => {
    const row = users.find(req.procore.user?.id ?? '0')
    if (!row) {
      // The session outlived the table: signing in again writes the user anew.
      req.procore.login({ returnTo: '/home' })
      return
    }
    const companies = await req.procore.client.get('/rest/v1.0/companies')
    res.render('home', { row: printRow(row), user: req.procore.user, companies })
  })

  return app
}

/** Prints a row as the tutorial does: `[1, 11111, "joecontractor@procore.com"]`. */
function printRow({ id, procore_id, email }: UserRow): string {
  return `[${id}, ${procore_id}, ${JSON.stringify(email)}]`
}
