import type { Context } from 'hono'
import type { RouteEnv } from './context.js'
import { requestValues } from './request-values.js'

/**
 * Reads the access token of a request: the `Authorization` header in any case, or the parameters
 * `access_token` and `bearer_token`.
 *
 * @param c The request.
 * @returns The token, or `undefined` when there is none.
 */
export function readAccessToken(c: Context<RouteEnv>): string | undefined {
  const header = /^bearer (.*)$/i.exec(c.req.header('Authorization') ?? '')?.[1]
  const values = requestValues(c)
  return header ?? values.get('access_token') ?? values.get('bearer_token')
}
