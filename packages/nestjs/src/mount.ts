import type { ServerResponse } from 'node:http'
import type { AbstractHttpAdapter } from '@nestjs/core'
import { type AuthReply, attachProcore, ConfigurationError } from '@procore-auth/core'
import { type NodeRequest, toAuthReply, toAuthRequest } from '@procore-auth/core/node'
import { carrierOf, type Instance } from './carrier.js'

type Handler = (req: NodeRequest, res: Response, next: (error?: unknown) => void) => void

/** A response of Express, or a reply of Fastify, which has Node's response in it. */
interface Response {
  readonly raw?: { readonly headersSent: boolean }
}

/** What is needed of a Fastify instance. */
interface Fastify {
  addHook(name: 'onRequest', hook: Handler): unknown
}

/**
 * Serves the routes and attaches `procore`, in front of everything that Nest puts on the server.
 *
 * @param adapter of the application that is being initialized
 * @throws {ConfigurationError} when another instance has the same name or an address of this one
 */
export function mount(adapter: AbstractHttpAdapter, { auth, name }: Instance): void {
  claim(adapter, [name ?? 'no name', ...Object.values(auth.paths ?? {})])
  const attach = (req: NodeRequest, reply: AuthReply) => {
    const exchange = { request: toAuthRequest(req), reply }
    attachProcore(auth, exchange, carrierOf(req, name))
    return exchange
  }
  const serve: Handler = (req, res, next) => {
    const { request, reply } = attach(req, replyWith(adapter, res))
    const response = auth.handle(request)
    if (response === undefined) next()
    else response.then(reply.send).catch(next)
  }
  if (adapter.getType() !== 'fastify') {
    adapter.use(serve)
    return
  }
  // Nest's middlewares run before any hook that can be added here, and see what Node's own server has.
  adapter.use((req: NodeRequest, res: ServerResponse, next: () => void) => {
    attach(req, toAuthReply(res))
    next()
  })
  const fastify: Fastify = adapter.getInstance()
  fastify.addHook('onRequest', serve)
}

/** Answers through the adapter, so that its platform's own hooks and headers take part. */
export function replyWith(adapter: AbstractHttpAdapter, res: Response): AuthReply {
  const addCookies = (cookies: readonly string[]): void => {
    for (const cookie of cookies) adapter.appendHeader(res, 'set-cookie', cookie)
  }
  return {
    addCookies,
    isSent: () => adapter.isHeadersSent(res) || res.raw?.headersSent === true,
    send: ({ status, headers, body }) => {
      for (const [header, value] of Object.entries(headers)) {
        if (header === 'set-cookie') addCookies([value].flat())
        else adapter.setHeader(res, header, String(value))
      }
      adapter.reply(res, body, status)
    },
  }
}

const claims = new WeakMap<object, readonly string[]>()

function claim(adapter: object, wanted: readonly string[]): void {
  const taken = claims.get(adapter) ?? []
  const both = wanted.filter((one) => taken.includes(one))
  claims.set(adapter, [...taken, ...wanted])
  if (both.length === 0) return
  throw new ConfigurationError([
    `two imports of ProcoreAuthModule have ${both.join(', ')} in common: import it once, with isGlobal, or give one of two a name, a basePath, and a redirectUri under it`,
  ])
}
