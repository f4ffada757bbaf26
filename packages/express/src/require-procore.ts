import { ConfigurationError, type ProcoreAuth } from '@procore-auth/core'
import { toAuthRequest } from '@procore-auth/core/node'
import { respond } from './respond.js'
import type { ExpressRequest, Handler } from './types.js'

const auths = new WeakMap<ExpressRequest, ProcoreAuth>()

/** Notes which sign-in a request passed, for the guard behind it. */
export function remember(req: ExpressRequest, auth: ProcoreAuth): void {
  auths.set(req, auth)
}

/**
 * Lets a request pass when somebody is signed in and connected. A browser that opens a page is sent
 * to login and comes back; an API caller gets 401 with JSON.
 *
 * @example
 * app.get('/projects', requireProcore(), (req, res) => …)
 */
export function requireProcore(): Handler {
  return (req, res, next) => {
    const auth = auths.get(req)
    if (!auth) {
      next(new ConfigurationError(['requireProcore() needs app.use(procoreAuth()) before it']))
      return
    }
    void respond(auth.guard(toAuthRequest(req)), res, next)
  }
}
