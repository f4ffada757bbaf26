import { guardAttached } from '@procore-auth/core'
import { type Reply, respond } from './respond.js'

const FIX = 'requireProcore() needs app.register(procoreAuth) in its scope or one around it'

/**
 * Returns a hook, for `onRequest` or `preHandler`, that lets a request pass when somebody is signed in
 * and connected. A browser that opens a page is sent to login and comes back; an API caller gets 401
 * with JSON.
 *
 * @example
 * app.get('/projects', { onRequest: requireProcore() }, async (request) => …)
 */
export function requireProcore(): (request: object, reply: Reply) => Promise<unknown> {
  return async (request, reply) => {
    const answer = await guardAttached(request, FIX)
    return answer && respond(reply, answer)
  }
}
