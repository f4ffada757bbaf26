import type { Context, Hono } from 'hono'
import {
  type AuthorizationRequest,
  allowAuthorization,
  denyAuthorization,
  isAlreadyAllowed,
  readAuthorizationRequest,
} from '../doorkeeper/authorize.js'
import type { OAuthFailure } from '../doorkeeper/failure.js'
import type { Doorkeeper } from '../doorkeeper/model.js'
import { jsonAnswer, noStore, oauthErrorBody } from '../http/answers.js'
import type { RouteEnv } from '../http/context.js'
import { requestValues } from '../http/request-values.js'
import { renderConsentPage } from '../pages/consent-page.js'
import { renderErrorPage, renderNativePage } from '../pages/small-pages.js'
import { findSignedIn, type LoginParts, refuseForeignForm } from './login-routes.js'
import { loginPath } from './return-to.js'
import { sendPage } from './send-page.js'

/** What the authorization routes work with. */
export interface AuthorizeParts extends LoginParts {
  readonly doorkeeper: Doorkeeper
}

const requestParameters = [
  'client_id',
  'redirect_uri',
  'state',
  'response_type',
  'scope',
  'code_challenge',
  'code_challenge_method',
]

/**
 * Adds the consent page, its two decisions and the out-of-band page.
 *
 * @param app The routes of the login server.
 * @param parts Users, sessions and the authorization server.
 */
export function addAuthorizeRoutes(app: Hono<RouteEnv>, parts: AuthorizeParts): void {
  app.get('/oauth/authorize', (c) => askUser(parts, c))
  app.get('/oauth/authorize/native', async (c) => {
    if (findSignedIn(parts, c) === undefined) return c.redirect(loginPath(requestPath(c)))
    return sendPage(c, renderNativePage(requestValues(c).get('code') ?? ''))
  })
  app.post('/oauth/authorize', (c) => {
    const isDenied = requestValues(c).get('_method')?.toLowerCase() === 'delete'
    return decide(parts, { c, decision: isDenied ? 'deny' : 'allow' })
  })
  app.delete('/oauth/authorize', (c) => decide(parts, { c, decision: 'deny' }))
}

/**
 * Carries out a user's decision: the one way on which codes come into the world.
 *
 * @param doorkeeper The authorization server.
 * @param choice The request, the user and what the user decided.
 * @returns The address of the redirect, with the code where there is one; or the refusal.
 */
export function carryOut(
  doorkeeper: Doorkeeper,
  choice: {
    readonly request: AuthorizationRequest | OAuthFailure
    readonly userId: string
    readonly decision: 'allow' | 'deny'
  },
): { readonly ok: true; readonly location: string; readonly code?: string } | OAuthFailure {
  const { request, userId, decision } = choice
  if (!request.ok) return request
  if (decision === 'deny') return denyAuthorization(request)
  return { ok: true, ...allowAuthorization(doorkeeper, { request, userId }) }
}

function askUser(parts: AuthorizeParts, c: Context<RouteEnv>): Response | Promise<Response> {
  const { doorkeeper, sessions } = parts
  const user = findSignedIn(parts, c)
  if (user === undefined) return c.redirect(loginPath(requestPath(c)))
  const values = requestValues(c)
  const request = readAuthorizationRequest(doorkeeper, values)
  if (!request.ok) {
    c.env.context.entry.outcome = request.error
    return sendPage(c, renderErrorPage(request.description))
  }
  c.env.context.entry.clientId = request.application.clientId
  if (isAlreadyAllowed(doorkeeper, { request, userId: user.id })) {
    return c.redirect(allowAuthorization(doorkeeper, { request, userId: user.id }).location)
  }
  const page = renderConsentPage({
    applicationName: request.application.name,
    user,
    csrfToken: sessions.current(c).csrfToken,
    parameters: new Map([...values].filter(([name]) => requestParameters.includes(name))),
    returnTo: requestPath(c),
  })
  return sendPage(c, page)
}

function decide(
  parts: AuthorizeParts,
  input: { readonly c: Context<RouteEnv>; readonly decision: 'allow' | 'deny' },
): Response | Promise<Response> {
  const { c, decision } = input
  const user = findSignedIn(parts, c)
  if (user === undefined) return c.redirect('/login')
  const refused = refuseForeignForm(parts, c)
  if (refused !== undefined) return refused
  const request = readAuthorizationRequest(parts.doorkeeper, requestValues(c))
  const { entry } = c.env.context
  if (request.ok) entry.clientId = request.application.clientId
  const result = carryOut(parts.doorkeeper, { request, userId: user.id, decision })
  if (!result.ok || decision === 'deny') entry.outcome = result.ok ? 'access_denied' : result.error
  if (result.ok) return c.redirect(result.location)
  return jsonAnswer(oauthErrorBody(result), { status: result.status, headers: noStore })
}

function requestPath(c: Context<RouteEnv>): string {
  const url = new URL(c.req.url)
  return `${url.pathname}${url.search}`
}
