import type { Context, Hono } from 'hono'
import type { RouteEnv } from '../http/context.js'
import { requestValues } from '../http/request-values.js'
import { renderLoginPage } from '../pages/login-page.js'
import { renderErrorPage, renderHomePage } from '../pages/small-pages.js'
import type { SimulatedUser } from '../world.js'
import { loginPath, readReturnTo } from './return-to.js'
import { sendPage } from './send-page.js'
import type { Sessions } from './sessions.js'

/** What the login routes work with. */
export interface LoginParts {
  readonly users: readonly SimulatedUser[]
  readonly sessions: Sessions
}

/**
 * Adds login, logout and the start page.
 *
 * @param app The routes of the login server.
 * @param parts Users and sessions.
 */
export function addLoginRoutes(app: Hono<RouteEnv>, parts: LoginParts): void {
  const { sessions } = parts
  app.get('/', async (c) => {
    const user = findSignedIn(parts, c)
    return user === undefined ? c.redirect('/login') : sendPage(c, renderHomePage(user))
  })
  app.get('/login', (c) => {
    const { csrfToken } = sessions.current(c)
    const returnTo = readReturnTo(requestValues(c).get('return_to'))
    return sendPage(c, renderLoginPage({ users: parts.users, csrfToken, returnTo }))
  })
  app.post('/login', (c) => logIn(parts, c))
  app.get('/logout', (c) => {
    sessions.signOut(c)
    return c.redirect(loginPath(readReturnTo(requestValues(c).get('return_to'))))
  })
}

/**
 * Finds the user of the browser's session.
 *
 * @param parts Users and sessions.
 * @param c The request.
 * @returns The user, or `undefined` when nobody is signed in.
 */
export function findSignedIn(
  { users, sessions }: LoginParts,
  c: Context<RouteEnv>,
): SimulatedUser | undefined {
  const { userId } = sessions.current(c)
  const user = users.find(({ id }) => id === userId)
  if (user !== undefined) c.env.context.entry.userId = user.id
  return user
}

/**
 * Refuses a form that this server did not write for this browser.
 *
 * @param parts Users and sessions.
 * @param c The request.
 * @returns The error page, or `undefined` when the form is genuine.
 */
export function refuseForeignForm(
  { sessions }: LoginParts,
  c: Context<RouteEnv>,
): Promise<Response> | undefined {
  const sent = requestValues(c).get('authenticity_token')
  if (sent === sessions.current(c).csrfToken) return undefined
  c.env.context.entry.outcome = 'invalid-csrf-token'
  return sendPage(
    c,
    renderErrorPage('The form is out of date. Go back, reload the page and try again.', 422),
  )
}

function logIn(parts: LoginParts, c: Context<RouteEnv>): Response | Promise<Response> {
  const { users, sessions } = parts
  const values = requestValues(c)
  const refused = refuseForeignForm(parts, c)
  if (refused !== undefined) return refused
  const login = values.get('email') ?? ''
  const returnTo = readReturnTo(values.get('return_to'))
  const user = users.find((candidate) => candidate.login === login.trim().toLowerCase())
  if (user === undefined || user.password !== values.get('password')) {
    c.env.context.entry.outcome = 'wrong-password'
    const { csrfToken } = sessions.current(c)
    return sendPage(c, renderLoginPage({ users, csrfToken, returnTo, rejectedLogin: login }))
  }
  sessions.signIn(c, user.id)
  c.env.context.entry.userId = user.id
  return c.redirect(returnTo ?? '/')
}
