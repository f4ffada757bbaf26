import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { json } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import type { ProcoreAuthOptions } from '@procore-auth/core'
import type { AppAnswer, AppPlan, AppRoute, RunningApp } from '../../src/index.js'
import { type Exchange, SoundAdapter } from './sound-adapter.js'

/** How an adapter is made. */
export type AdapterClass = new (options: ProcoreAuthOptions) => SoundAdapter

interface Place {
  readonly path: string
  readonly adapter: SoundAdapter
  readonly routes: readonly AppRoute[]
}

/** Starts the suite's application on `node:http` alone. */
export async function startNodeApp(
  plan: AppPlan,
  Adapter: AdapterClass = SoundAdapter,
): Promise<RunningApp> {
  const errors: unknown[] = []
  const places = plan.mounts.map(
    ({ path, options, routes }): Place => ({ path, routes, adapter: new Adapter(options) }),
  )
  const server = createServer((req, res) => {
    answer({ req, res }, { plan, places }).catch((error: unknown) => {
      errors.push(error)
      const { status } = Object(error)
      if (!res.headersSent) res.statusCode = typeof status === 'number' ? status : 500
      if (!res.writableEnded) res.end('handled')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    errors,
    close: async () => {
      server.closeAllConnections()
      await once(server.close(), 'close')
      await Promise.all(places.map(({ adapter }) => adapter.auth.close()))
    },
  }
}

async function answer(
  exchange: Exchange,
  { plan, places }: { readonly plan: AppPlan; readonly places: readonly Place[] },
): Promise<void> {
  const { req, res } = exchange
  const { bodyParser, cookie } = plan
  const url = req.url ?? '/'
  if (cookie) res.appendHeader('set-cookie', cookie)
  const early = bodyParser === 'before' ? await bodyOf(req) : undefined
  const place = places.find(({ adapter, path }) => adapter.covers(url, path))
  const next = async (): Promise<void> => {
    const body = bodyParser === 'after' ? await bodyOf(req) : early
    await answerRoute(exchange, { place, body })
  }
  await (place ? place.adapter.run(exchange, next) : next())
}

async function answerRoute(
  exchange: Exchange,
  { place, body }: { readonly place: Place | undefined; readonly body: unknown },
): Promise<void> {
  const { req, res } = exchange
  const method = req.method === 'HEAD' ? 'GET' : req.method
  const [path] = (req.url ?? '/').split('?')
  const route = place?.routes.find((one) => one.method === method && place.path + one.path === path)
  if (!place || !route) {
    res.writeHead(404).end()
    return
  }
  if (route.guarded && (await place.adapter.guard(exchange))) return
  await send(res, await route.answer(() => place.adapter.context(exchange), body))
}

async function bodyOf(req: IncomingMessage): Promise<unknown> {
  return req.headers['content-type'] === 'application/json' ? json(req) : undefined
}

async function send(res: ServerResponse, sent: AppAnswer): Promise<void> {
  if (!sent) return
  if ('stream' in sent) {
    res.setHeader('content-type', 'text/plain')
    await pipeline(Readable.from(sent.stream), res)
    return
  }
  res.setHeader('content-type', 'application/json')
  res.end(JSON.stringify(sent.json))
}
