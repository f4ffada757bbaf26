import {
  attachProcore,
  type ProcoreAuth,
  type ProcoreAuthOptions,
  resolveProcoreAuth,
} from '@procore-auth/core'
import { toAuthRequest } from '@procore-auth/core/node'
import { respond, toReply } from './respond.js'
import type { Handler, KoaContext } from './types.js'

/**
 * Serves the routes of sign-in and attaches `ctx.procore`. On any other request nothing is read or
 * verified until `ctx.procore` is touched.
 *
 * @param input ready-made by `createProcoreAuth`, or its options, or nothing for the `PROCORE_*`
 *   variables
 * @throws {ConfigurationError} at once, naming every fault
 * @example
 * app.use(procoreAuth())
 */
export function procoreAuth(input?: ProcoreAuth | ProcoreAuthOptions<KoaContext>): Handler {
  const auth = resolveProcoreAuth(input)
  return async (ctx, next) => {
    const request = toAuthRequest(ctx)
    attachProcore(auth, { request, reply: toReply(ctx) }, ctx, ctx.req)
    const response = auth.handle(request)
    if (response === undefined) await next()
    else respond(ctx, await response)
  }
}
