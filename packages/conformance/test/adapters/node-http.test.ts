import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { json } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { createProcoreAuth, type ProcoreAuthOptions, type ProcoreContext } from '@procore-auth/core'
import { sendAuthResponse, toAuthReply, toAuthRequest } from '@procore-auth/core/node'
import { describe, test, vi } from 'vitest'
import { type AppAnswer, type AppPlan, type RunningApp, testAdapter } from '../../src/index.js'

// The adapter: what it does not answer itself gets a guard and, once it is asked for, a context.
function procoreAuth(options: ProcoreAuthOptions) {
  const auth = createProcoreAuth(options)
  return async (req: IncomingMessage, res: ServerResponse) => {
    const request = toAuthRequest(req)
    const response = await auth.handle(request)
    if (response) {
      sendAuthResponse(res, response)
      return undefined
    }
    let context: ProcoreContext | undefined
    const procore = (): ProcoreContext => {
      context ??= auth.context(request, toAuthReply(res))
      return context
    }
    const mayPass = async (): Promise<boolean> => {
      const refusal = await auth.guard(request)
      if (refusal) sendAuthResponse(res, refusal)
      return refusal === undefined
    }
    return { procore, mayPass }
  }
}

// The application of the suite, written with it.
async function start({ mounts, bodyParser, cookie }: AppPlan): Promise<RunningApp> {
  const errors: unknown[] = []
  const places = mounts.map((mount) => ({ ...mount, adapter: procoreAuth(mount.options) }))
  const answer = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    if (cookie) res.appendHeader('set-cookie', cookie)
    const early = bodyParser === 'before' ? await bodyOf(req) : undefined
    const [path = ''] = (req.url ?? '').split('?')
    const place = places.find((one) => path.startsWith(`${one.path}/`))
    const visit = await place?.adapter(req, res)
    if (place && !visit) return
    const body = bodyParser === 'after' ? await bodyOf(req) : early
    const method = req.method === 'HEAD' ? 'GET' : req.method
    const route = place?.routes.find(
      (one) => one.method === method && place.path + one.path === path,
    )
    if (!visit || !route) {
      res.writeHead(404).end()
      return
    }
    if (route.guarded && !(await visit.mayPass())) return
    await send(res, await route.answer(visit.procore, body))
  }
  const server = createServer((req, res) => {
    answer(req, res).catch((error: unknown) => {
      errors.push(error)
      if (!res.headersSent) res.writeHead(Object(error).status ?? 500)
      if (!res.writableEnded) res.end('handled')
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
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

async function bodyOf(req: IncomingMessage): Promise<unknown> {
  return req.headers['content-type'] === 'application/json' ? json(req) : undefined
}

async function send(res: ServerResponse, sent: AppAnswer): Promise<void> {
  if (!sent) return
  if ('json' in sent) {
    res.setHeader('content-type', 'application/json').end(JSON.stringify(sent.json))
    return
  }
  await pipeline(Readable.from(sent.stream), res.setHeader('content-type', 'text/plain'))
}

vi.setConfig({ testTimeout: 60_000 })
testAdapter({ describe, test }, { name: 'node:http', start })
