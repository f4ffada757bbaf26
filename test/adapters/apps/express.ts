import { once } from 'node:events'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { AppPlan, AppRoute, MountPlan, RunningApp } from '@procore-auth/conformance'
import { procoreAuth, requireProcore } from '@procore-auth/express'
import express5, { type ErrorRequestHandler, type RequestHandler, type Router } from 'express'

const require = createRequire(import.meta.url)
const express4: typeof express5 = require('express4')

/** Both versions that the adapter promises to work with. */
export const VERSIONS = { 4: express4, 5: express5 } as const

/** Starts the suite's application. */
export async function startExpress(
  express: typeof express5,
  { mounts, bodyParser, cookie }: AppPlan,
): Promise<RunningApp> {
  const app = express()
  const errors: unknown[] = []
  if (cookie) app.use(setsCookie(cookie))
  if (bodyParser === 'before') app.use(express.json())
  for (const mount of mounts) {
    const router = express.Router()
    router.use(procoreAuth(mount.options))
    if (bodyParser === 'after') router.use(express.json())
    addRoutes(router, mount)
    app.use(mount.path || '/', router)
  }
  app.use((_req, res) => {
    res.status(404).send('not found')
  })
  app.use(notes(errors))
  const server = createServer(app).listen(0, '127.0.0.1')
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

function setsCookie(cookie: string): RequestHandler {
  return (_req, res, next) => {
    res.append('set-cookie', cookie)
    next()
  }
}

function addRoutes(router: Router, { routes }: MountPlan): void {
  for (const route of routes) {
    const guards = route.guarded ? [requireProcore()] : []
    router[route.method === 'GET' ? 'get' : 'post'](route.path, guards, handlerOf(route))
  }
}

function handlerOf(route: AppRoute): RequestHandler {
  return (req, res, next) => {
    const answer = async (): Promise<void> => {
      const sent = await route.answer(() => req.procore, req.body)
      if (!sent) return
      if ('json' in sent) res.json(sent.json)
      else await pipeline(Readable.from(sent.stream), res.type('text/plain'))
    }
    answer().catch(next)
  }
}

function notes(errors: unknown[]): ErrorRequestHandler {
  return (error, _req, res, _next) => {
    errors.push(error)
    const { status } = Object(error)
    res.status(typeof status === 'number' ? status : 500).send('handled')
  }
}
