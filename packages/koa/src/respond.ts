import type { AuthReply, AuthResponse } from '@procore-auth/core'
import type { KoaContext } from './types.js'

/** Writes an answer to the context, for Koa to send once all middleware is done. */
export function respond(ctx: KoaContext, { status, headers, body }: AuthResponse): void {
  // Not null, for which Koa 2 closes the connection; and without the type that Koa makes of it.
  ctx.body = body ?? ''
  ctx.remove('content-type')
  ctx.status = status
  for (const [name, value] of Object.entries(headers)) {
    const values = typeof value === 'string' ? value : [...value]
    if (name === 'set-cookie') ctx.append(name, values)
    else ctx.set(name, values)
  }
}

/** Writes answers of `ctx.procore`. */
export function toReply(ctx: KoaContext): AuthReply {
  return {
    addCookies: (cookies) => ctx.append('set-cookie', [...cookies]),
    isSent: () => ctx.headerSent,
    send: (response) => respond(ctx, response),
  }
}
