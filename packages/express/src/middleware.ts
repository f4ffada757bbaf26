import {
  attachProcore,
  type ProcoreAuth,
  type ProcoreAuthOptions,
  resolveProcoreAuth,
} from '@procore-auth/core'
import { toAuthReply, toAuthRequest } from '@procore-auth/core/node'
import { respond } from './respond.js'
import type { ExpressRequest, Handler } from './types.js'

/**
 * Serves the routes of sign-in and attaches `req.procore`. On any other request nothing is read or
 * verified until `req.procore` is touched.
 *
 * @param input ready-made by `createProcoreAuth`, or its options, or nothing for the `PROCORE_*`
 *   variables
 * @throws {ConfigurationError} at once, naming every fault
 * @example
 * app.use(procoreAuth())
 */
export function procoreAuth(input?: ProcoreAuth | ProcoreAuthOptions<ExpressRequest>): Handler {
  const auth = resolveProcoreAuth(input)
  return (req, res, next) => {
    const request = toAuthRequest(req)
    attachProcore(auth, { request, reply: toAuthReply(res) }, req)
    const response = auth.handle(request)
    if (response === undefined) next()
    else void respond(response, res, next)
  }
}
