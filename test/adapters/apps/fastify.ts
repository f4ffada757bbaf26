import { Readable } from 'node:stream'
import type { AppPlan, AppRoute, MountPlan, RunningApp } from '@procore-auth/conformance'
import { procoreAuth, requireProcore } from '@procore-auth/fastify'
import Fastify, {
  type FastifyInstance,
  type FastifyPluginCallback,
  type RouteHandler,
} from 'fastify'

/** Starts the suite's application. */
export async function startFastify({ mounts, bodyParser, cookie }: AppPlan): Promise<RunningApp> {
  const app = Fastify({ forceCloseConnections: true })
  const errors: unknown[] = []
  app.setErrorHandler((error, _request, reply) => {
    errors.push(error)
    const { status } = Object(error)
    reply.code(typeof status === 'number' ? status : 500).send('handled')
  })
  if (cookie) {
    app.addHook('onRequest', async (_request, reply) => {
      reply.header('set-cookie', cookie)
    })
  }
  if (bodyParser !== 'before') {
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', (_request, payload, done) => {
      payload.resume()
      done(null)
    })
  }
  for (const mount of mounts) {
    const scope: FastifyPluginCallback = (instance, _options, done) => {
      void instance.register(procoreAuth, mount.options)
      if (bodyParser === 'after') addJsonParser(instance)
      addRoutes(instance, mount)
      done()
    }
    await app.register(scope, { prefix: mount.path })
  }
  const origin = await app.listen({ host: '127.0.0.1', port: 0 })
  return { port: Number(new URL(origin).port), errors, close: () => app.close() }
}

function addJsonParser(app: FastifyInstance): void {
  const parser = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser('application/json', { parseAs: 'string' }, parser)
}

function addRoutes(app: FastifyInstance, { routes }: MountPlan): void {
  for (const route of routes) {
    app.route({
      method: route.method,
      url: route.path,
      onRequest: route.guarded ? [requireProcore()] : [],
      handler: handlerOf(route),
    })
  }
}

function handlerOf(route: AppRoute): RouteHandler {
  return async (request, reply) => {
    const sent = await route.answer(() => request.procore, request.body)
    if (!sent) return reply
    if ('json' in sent) return reply.type('application/json').send(JSON.stringify(sent.json))
    return reply.type('text/plain').send(Readable.from(sent.stream))
  }
}
