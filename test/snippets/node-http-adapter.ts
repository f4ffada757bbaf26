import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  attachProcore,
  guardAttached,
  type ProcoreAuth,
  type ProcoreAuthOptions,
  resolveProcoreAuth,
} from '@procore-auth/core'
import { sendAuthResponse, toAuthReply, toAuthRequest } from '@procore-auth/core/node'

type Middleware = (
  req: IncomingMessage,
  res: ServerResponse,
  next: () => Promise<void>,
) => Promise<void>

export function procoreAuth(input?: ProcoreAuth | ProcoreAuthOptions<IncomingMessage>): Middleware {
  const auth = resolveProcoreAuth(input)
  return async (req, res, next) => {
    const request = toAuthRequest(req)
    attachProcore(auth, { request, reply: toAuthReply(res) }, req)
    const answer = await auth.handle(request)
    if (answer) sendAuthResponse(res, answer)
    else await next()
  }
}

export function requireProcore(): Middleware {
  return async (req, res, next) => {
    const answer = await guardAttached(req, 'requireProcore() needs procoreAuth() before it')
    if (answer) sendAuthResponse(res, answer)
    else await next()
  }
}
