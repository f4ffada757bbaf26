import {
  type AuthRequest,
  attachProcore,
  type ProcoreAuth,
  type ProcoreAuthOptions,
  resolveProcoreAuth,
} from '@procore-auth/core'
import { PendingReply, toResponse } from './respond.js'
import type { WithProcore } from './types.js'

/**
 * Returns a wrapper for handlers. It serves the routes of sign-in and gives every other request
 * `request.procore`; nothing is read or verified until that is touched.
 *
 * @param input ready-made by `createProcoreAuth`, or its options, or nothing for the `PROCORE_*`
 *   variables
 * @throws {ConfigurationError} at once, naming every fault
 * @example
 * const withProcore = procoreAuth()
 * export const GET = withProcore((request) => Response.json(request.procore.user))
 */
export function procoreAuth(input?: ProcoreAuth | ProcoreAuthOptions<Request>): WithProcore {
  const auth = resolveProcoreAuth(input)
  return (handler) =>
    async (request, ...rest) => {
      const exchange = { request: toAuthRequest(request), reply: new PendingReply() }
      attachProcore(auth, exchange, request)
      const answer = await auth.handle(exchange.request)
      if (answer) return toResponse(request, answer)
      try {
        return exchange.reply.complete(request, await handler(request, ...rest))
      } finally {
        exchange.reply.close()
      }
    }
}

/** A host is what a client says it is, so only path and query are passed on. */
function toAuthRequest(raw: Request): AuthRequest<Request> {
  const { method, url } = raw
  return {
    method,
    url: url.slice(url.indexOf('/', url.indexOf('://') + 3)),
    header: (name) => raw.headers.get(name) ?? undefined,
    raw,
  }
}
