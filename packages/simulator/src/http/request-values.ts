import type { Context } from 'hono'
import type { Parameters } from '../doorkeeper/model.js'
import type { RouteEnv } from './context.js'

/**
 * Reads the decoded parameters of a request.
 *
 * @param c The request.
 * @returns Names and values; empty for a request that could not be decoded.
 */
export function requestValues(c: Context<RouteEnv>): Parameters {
  const { parameters } = c.env.context
  return parameters.ok ? parameters.values : new Map()
}
