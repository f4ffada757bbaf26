import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import type { AuthReply, AuthRequest, AuthResponse } from '../auth-request.js'

export { FileTokenStore, type FileTokenStoreOptions } from './file-token-store.js'

/** A request of Node's HTTP server, or of a framework built on it. */
export interface NodeRequest {
  readonly method?: string | undefined
  readonly url?: string | undefined
  /** The URL before a router took off its prefix, where the framework keeps it. */
  readonly originalUrl?: string | undefined
  readonly headers: IncomingHttpHeaders
}

/**
 * Reads a request. The URL is the one the server received, also in a router that strips its prefix.
 *
 * @param raw request of `node:http`, Express, Koa (also its context) or Fastify
 */
export function toAuthRequest<Raw extends NodeRequest>(raw: Raw): AuthRequest<Raw> {
  return {
    method: raw.method ?? 'GET',
    url: raw.originalUrl ?? raw.url ?? '/',
    header: (name) => {
      const value = raw.headers[name]
      return Array.isArray(value) ? value.join(', ') : value
    },
    raw,
  }
}

/** Writes answers to a response of Node's HTTP server. */
export function toAuthReply(res: ServerResponse): AuthReply {
  return {
    addCookies: (cookies) => addCookies(res, cookies),
    isSent: () => res.headersSent,
    send: (response) => sendAuthResponse(res, response),
  }
}

/** Sends an answer and ends the response. Cookies that others set before are kept. */
export function sendAuthResponse(res: ServerResponse, response: AuthResponse): void {
  res.statusCode = response.status
  for (const [name, value] of Object.entries(response.headers)) {
    if (name === 'set-cookie') addCookies(res, [value].flat())
    else res.setHeader(name, value)
  }
  res.end(response.body)
}

function addCookies(res: ServerResponse, cookies: readonly string[]): void {
  for (const cookie of cookies) res.appendHeader('set-cookie', cookie)
}
