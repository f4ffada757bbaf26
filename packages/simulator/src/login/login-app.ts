import type { Hono } from 'hono'
import { createApp } from '../http/app.js'
import type { RouteEnv } from '../http/context.js'
import { type AuthorizeParts, addAuthorizeRoutes } from './authorize-routes.js'
import { addLoginRoutes } from './login-routes.js'
import { addTokenRoutes } from './token-routes.js'

/**
 * Creates the routes of the login origin.
 *
 * @param parts Users, sessions and the authorization server.
 * @returns The routes.
 */
export function createLoginApp(parts: AuthorizeParts): Hono<RouteEnv> {
  const app = createApp()
  addLoginRoutes(app, parts)
  addAuthorizeRoutes(app, parts)
  addTokenRoutes(app, parts.doorkeeper)
  return app
}
