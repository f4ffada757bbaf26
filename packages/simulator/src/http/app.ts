import { Hono } from 'hono'
import { plainError } from './answers.js'
import type { RouteEnv } from './context.js'

/**
 * Creates routes that refuse malformed requests and unknown paths before any server logic.
 *
 * @returns The routes, still without endpoints.
 */
export function createApp(): Hono<RouteEnv> {
  const app = new Hono<RouteEnv>()
  app.use(async (c, next) => {
    if (!c.env.context.parameters.ok) return plainError(c.req.header('Accept'), { status: 400 })
    return next()
  })
  app.get('/favicon.ico', (c) => c.body(null, 204))
  app.notFound((c) => plainError(c.req.header('Accept'), { status: 404 }))
  app.onError((_error, c) => {
    c.env.context.entry.outcome = 'internal-error'
    return plainError(c.req.header('Accept'), { status: 500 })
  })
  return app
}
