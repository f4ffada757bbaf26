import type { AuthReply, AuthResponse } from '@procore-auth/core'

/** What is needed of a reply, whichever server, logger and types it has. */
export interface Reply {
  readonly raw: { readonly headersSent: boolean }
  code(status: number): unknown
  header(name: string, value: unknown): unknown
  send(body?: string): unknown
}

/** Sends an answer. Cookies that others set before are kept. */
export function respond(reply: Reply, answer: AuthResponse): unknown {
  reply.code(answer.status)
  // Copied, because some versions add the cookies of others to the list that they are given.
  for (const [name, value] of Object.entries(answer.headers)) reply.header(name, value.slice())
  return reply.send(answer.body)
}

/** Writes answers of `request.procore`. */
export function toReply(reply: Reply): AuthReply {
  return {
    addCookies: (cookies) => void reply.header('set-cookie', cookies),
    isSent: () => reply.raw.headersSent,
    send: (answer) => void respond(reply, answer),
  }
}
