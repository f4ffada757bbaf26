import type { Context, Hono } from 'hono'
import { inspectToken, presentToken } from '../doorkeeper/bearer.js'
import { readClientCredentials } from '../doorkeeper/client.js'
import { exchange, type TokenRequest } from '../doorkeeper/exchange.js'
import type { OAuthFailure } from '../doorkeeper/failure.js'
import { identifyRequest } from '../doorkeeper/identify.js'
import type { Doorkeeper } from '../doorkeeper/model.js'
import { revokeToken } from '../doorkeeper/revoke.js'
import { readAccessToken } from '../http/access-token.js'
import { jsonAnswer, noStore, oauthError, oauthErrorBody, revalidate } from '../http/answers.js'
import type { RouteEnv } from '../http/context.js'
import { requestValues } from '../http/request-values.js'

/**
 * Adds the token endpoint, token/info and revocation.
 *
 * @param app The routes of the login server.
 * @param doorkeeper The authorization server.
 */
export function addTokenRoutes(app: Hono<RouteEnv>, doorkeeper: Doorkeeper): void {
  app.post('/oauth/token', (c) => answerToken(doorkeeper, c))
  app.get('/oauth/token/info', (c) => answerTokenInfo(doorkeeper, c))
  app.post('/oauth/revoke', (c) => answerRevoke(doorkeeper, c))
}

function answerToken(doorkeeper: Doorkeeper, c: Context<RouteEnv>): Response {
  const request = readTokenRequest(doorkeeper, c)
  const result = exchange(doorkeeper, request)
  if (!result.ok) return refuse(c, result)
  const { entry } = c.env.context
  if (result.userId !== undefined) entry.userId = result.userId
  return jsonAnswer(result.body, { headers: noStore })
}

function answerTokenInfo(doorkeeper: Doorkeeper, c: Context<RouteEnv>): Response {
  const token = presentToken(doorkeeper, readAccessToken(c))
  if (token !== undefined) c.env.context.entry.clientId = token.clientId
  if (token?.userId !== undefined) c.env.context.entry.userId = token.userId
  const result = inspectToken(doorkeeper, token)
  return result.ok ? jsonAnswer(result.body, { headers: revalidate }) : refuse(c, result)
}

function answerRevoke(doorkeeper: Doorkeeper, c: Context<RouteEnv>): Response {
  const { entry, fault } = c.env.context
  const request = readTokenRequest(doorkeeper, c)
  if (fault?.kind === 'silent-revoke') {
    entry.outcome = 'fault:silent-revoke'
    return jsonAnswer({}, { headers: revalidate })
  }
  const result = revokeToken(doorkeeper, request)
  if (result.ok) return jsonAnswer({}, { headers: revalidate })
  entry.outcome = result.error
  const headers = { 'Cache-Control': 'no-cache' }
  return jsonAnswer(oauthErrorBody(result), { status: result.status, headers })
}

function readTokenRequest(doorkeeper: Doorkeeper, c: Context<RouteEnv>): TokenRequest {
  const parameters = requestValues(c)
  const credentials = readClientCredentials(parameters, c.req.header('Authorization'))
  const request = { parameters, credentials }
  const { entry } = c.env.context
  const { clientId, userId, ...reused } = identifyRequest(doorkeeper, request)
  Object.assign(entry, reused)
  if (clientId !== undefined) entry.clientId = clientId
  if (userId !== undefined) entry.userId = userId
  return request
}

function refuse(c: Context<RouteEnv>, failure: OAuthFailure): Response {
  c.env.context.entry.outcome = failure.error
  return oauthError(failure)
}
