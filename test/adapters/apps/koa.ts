import { once } from 'node:events'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { Readable } from 'node:stream'
import Router from '@koa/router'
import type { AppPlan, AppRoute, MountPlan, RunningApp } from '@procore-auth/conformance'
import { procoreAuth, requireProcore } from '@procore-auth/koa'
import Koa3 from 'koa'
import bodyParser from 'koa-bodyparser'
import mount from 'koa-mount'

const require = createRequire(import.meta.url)
const Koa2: typeof Koa3 = require('koa2')

/** Both versions that the adapter promises to work with. */
export const VERSIONS = { 2: Koa2, 3: Koa3 } as const

/** Starts the suite's application. */
export async function startKoa(Koa: typeof Koa3, plan: AppPlan): Promise<RunningApp> {
  const app = new Koa()
  const errors: unknown[] = []
  app.on('error', (error) => errors.push(error))
  app.use(answersErrors)
  if (plan.cookie) app.use(setsCookie(plan.cookie))
  if (plan.bodyParser === 'before') app.use(bodyParser())
  for (const one of plan.mounts) {
    const inner = new Koa()
    inner.use(procoreAuth(one.options))
    if (plan.bodyParser === 'after') inner.use(bodyParser())
    inner.use(routerOf(one).routes())
    app.use(mount(one.path || '/', inner))
  }
  const server = createServer(app.callback()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    errors,
    close: async () => {
      server.closeAllConnections()
      await once(server.close(), 'close')
    },
  }
}

/** As Koa's documentation has it: the error is noted where all others are, and answered here. */
const answersErrors: Koa3.Middleware = async (ctx, next) => {
  try {
    await next()
  } catch (error) {
    const { status } = Object(error)
    ctx.status = typeof status === 'number' ? status : 500
    ctx.body = 'handled'
    ctx.app.emit('error', error, ctx)
  }
}

function setsCookie(cookie: string): Koa3.Middleware {
  return (ctx, next) => {
    ctx.append('set-cookie', cookie)
    return next()
  }
}

function routerOf({ routes }: MountPlan): Router {
  const router = new Router()
  for (const route of routes) {
    const guards = route.guarded ? [requireProcore()] : []
    router.register(route.path, [route.method], [...guards, handlerOf(route)])
  }
  return router
}

function handlerOf(route: AppRoute): Koa3.Middleware {
  return async (ctx) => {
    const sent = await route.answer(() => ctx.procore, ctx.request.body)
    if (!sent) return
    if ('json' in sent) {
      ctx.body = JSON.stringify(sent.json)
      ctx.type = 'json'
    } else {
      ctx.type = 'text/plain'
      ctx.body = Readable.from(sent.stream)
    }
  }
}
