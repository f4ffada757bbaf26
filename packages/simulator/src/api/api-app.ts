import type { Hono } from 'hono'
import type { Doorkeeper } from '../doorkeeper/model.js'
import { createApp } from '../http/app.js'
import type { RouteEnv } from '../http/context.js'
import type { World } from '../world.js'
import { addCompanyRoutes } from './company-routes.js'
import { createGate } from './gate.js'
import { addProjectRoutes } from './project-routes.js'
import type { RateLimits } from './rate-limiter.js'

/** What the API routes work with. */
export interface ApiParts {
  readonly doorkeeper: Doorkeeper
  readonly world: World
  readonly rateLimits: RateLimits
  /** Returns the origin of the API, for links in answers. */
  origin(): string
}

/**
 * Creates the routes of the API origin.
 *
 * @param parts The authorization server, the data and the limits.
 * @returns The routes.
 */
export function createApiApp(parts: ApiParts): Hono<RouteEnv> {
  const app = createApp()
  const gate = createGate(parts)
  app.use(async (c, next) => {
    const gated = gate.open(c)
    if (gated instanceof Response) return gated
    await next()
    for (const [name, value] of Object.entries(gated)) c.res.headers.set(name, value)
    return undefined
  })
  addCompanyRoutes(app, { ...parts, gate })
  addProjectRoutes(app, { ...parts, gate })
  return app
}
