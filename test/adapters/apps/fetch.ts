import { once } from 'node:events'
import { createAdaptorServer } from '@hono/node-server'
import type { AppPlan, AppRoute, MountPlan, RunningApp } from '@procore-auth/conformance'
import type { ProcoreContext } from '@procore-auth/core'
import { procoreAuth, requireProcore } from '@procore-auth/fetch'
import { type Context, Hono, type MiddlewareHandler } from 'hono'

interface Env {
  Variables: { procore: () => ProcoreContext; body: unknown }
}

/** Starts the suite's application. */
export async function startHono({ mounts, bodyParser, cookie }: AppPlan): Promise<RunningApp> {
  const app = new Hono<Env>()
  const errors: unknown[] = []
  app.onError((error) => {
    errors.push(error)
    const { status } = Object(error)
    return new Response('handled', { status: typeof status === 'number' ? status : 500 })
  })
  if (cookie) app.use(setsCookie(cookie))
  if (bodyParser === 'before') app.use(readsJson)
  for (const mount of mounts) {
    const inner = new Hono<Env>()
    inner.use(hasProcore(mount))
    if (bodyParser === 'after') inner.use(readsJson)
    addRoutes(inner, mount)
    app.route(mount.path || '/', inner)
  }
  const server = createAdaptorServer({ fetch: app.fetch, hostname: '127.0.0.1' })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    errors,
    close: async () => {
      if ('closeAllConnections' in server) server.closeAllConnections()
      await once(server.close(), 'close')
    },
  }
}

function hasProcore({ options }: MountPlan): MiddlewareHandler<Env> {
  const withProcore = procoreAuth(options)
  return async (c, next) => {
    const answer = withProcore(async (request) => {
      c.set('procore', () => request.procore)
      await next()
      return c.res
    })
    const response = await answer(c.req.raw)
    if (!c.finalized) return c.newResponse(response.body, response)
    c.res = undefined
    c.res = response
  }
}

function setsCookie(cookie: string): MiddlewareHandler {
  return (c, next) => {
    c.header('set-cookie', cookie, { append: true })
    return next()
  }
}

const readsJson: MiddlewareHandler<Env> = async (c, next) => {
  if (c.req.header('content-type') === 'application/json') c.set('body', await c.req.json())
  await next()
}

function addRoutes(app: Hono<Env>, { routes }: MountPlan): void {
  for (const route of routes) {
    const answer = (_request: Request, c: Context<Env>) => answerOf(route, c)
    const guarded = requireProcore(answer)
    app.on(route.method, route.path, (c) => (route.guarded ? guarded : answer)(c.req.raw, c))
  }
}

async function answerOf(route: AppRoute, c: Context<Env>): Promise<Response> {
  const sent = await route.answer(c.var.procore, c.var.body)
  if (!sent) return c.body(null)
  if ('json' in sent)
    return c.body(JSON.stringify(sent.json), 200, { 'content-type': 'application/json' })
  const encoder = new TextEncoderStream()
  const body = ReadableStream.from(sent.stream).pipeThrough(encoder)
  return c.body(body, 200, { 'content-type': 'text/plain' })
}
