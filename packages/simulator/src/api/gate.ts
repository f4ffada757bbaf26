import type { Context } from 'hono'
import { authorizeToken, presentToken } from '../doorkeeper/bearer.js'
import { failToken, type OAuthFailure } from '../doorkeeper/failure.js'
import type { AccessToken, Doorkeeper } from '../doorkeeper/model.js'
import { readAccessToken } from '../http/access-token.js'
import { oauthError } from '../http/answers.js'
import type { RouteEnv } from '../http/context.js'
import { rateHeaders } from '../rate-window.js'
import { serviceAccount, type World } from '../world.js'
import { apiError } from './api-error.js'
import { createRateLimiter, type RateLimits } from './rate-limiter.js'

/** Who calls the API. */
export interface Principal {
  readonly kind: 'user' | 'service'
  readonly id: string
  readonly login: string
  readonly name: string
  /** Ids of the companies that the caller may see. */
  readonly companies: readonly string[]
}

/** The door of the API. */
export interface Gate {
  /**
   * Lets a request in.
   *
   * @param c The request.
   * @returns The rate-limit headers for its answer, or the refusal.
   */
  open(c: Context<RouteEnv>): Response | Readonly<Record<string, string>>
  /** Tells who sent a request that was let in. */
  principal(c: Context<RouteEnv>): Principal
}

const notConnected = 'App is not connected to this company.'

/**
 * Creates the door of the API: bearer token, then rate limit.
 *
 * @param parts The authorization server, the data and the limits.
 * @returns The door.
 */
export function createGate(parts: {
  readonly doorkeeper: Doorkeeper
  readonly world: World
  readonly rateLimits: RateLimits
}): Gate {
  const { doorkeeper, world } = parts
  const limiter = createRateLimiter(parts.rateLimits)
  const principals = new WeakMap<object, Principal>()
  return {
    open(c) {
      const { entry, fault, rateWindows } = c.env.context
      const token = presentToken(doorkeeper, readAccessToken(c))
      if (token !== undefined) entry.clientId = token.clientId
      if (token?.userId !== undefined) entry.userId = token.userId
      const checked = authorizeToken(doorkeeper, token)
      if (!checked.ok) return refuse(c, checked)
      const { clientId } = checked.token
      const now = doorkeeper.clock.now()
      const reading = limiter.count({ clientId, now, faultWindows: rateWindows })
      const headers = rateHeaders(reading)
      if (fault?.kind === 'app-not-connected') {
        entry.outcome = 'fault:app-not-connected'
        if (fault.status === 401) return oauthError(failToken())
        return apiError(c, { status: 403, message: notConnected, headers })
      }
      if (reading.exceeded) {
        const message = 'Too many requests. Wait until X-Rate-Limit-Reset.'
        return apiError(c, { status: 429, message, headers })
      }
      principals.set(c.env.context, identify(world, checked.token))
      return headers
    },
    principal(c) {
      const principal = principals.get(c.env.context)
      if (principal === undefined) throw new Error('The request has not passed the gate.')
      return principal
    },
  }
}

function identify(world: World, token: AccessToken): Principal {
  const user = world.users.find(({ id }) => id === token.userId)
  if (user === undefined) {
    return { kind: 'service', ...serviceAccount, companies: world.installedIn }
  }
  const { id, login, name, companies } = user
  return { kind: 'user', id, login, name, companies }
}

function refuse(c: Context<RouteEnv>, failure: OAuthFailure): Response {
  c.env.context.entry.outcome = failure.error
  return oauthError(failure)
}
