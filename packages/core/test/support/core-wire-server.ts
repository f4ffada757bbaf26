import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import { onTestFinished } from 'vitest'

/** A request as it arrived. */
export interface WireRequest {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly form: URLSearchParams
}

/** Answers one request, in whatever way a server can misbehave. */
export type WireAnswer = (
  res: ServerResponse,
  request: WireRequest,
  index: number,
) => void | Promise<void>

/** A server on a free port of this machine. */
export interface WireServer {
  readonly origin: string
  readonly requests: readonly WireRequest[]
}

/** Starts a server that ends with the test. */
export async function startWireServer(answer: WireAnswer): Promise<WireServer> {
  const requests: WireRequest[] = []
  const server = createServer((req, res) => {
    readBody(req)
      .then(async (body) => {
        const request = {
          method: req.method ?? '',
          url: req.url ?? '',
          headers: req.headers,
          body,
          form: new URLSearchParams(body),
        }
        requests.push(request)
        await answer(res, request, requests.length - 1)
      })
      .catch(() => res.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  )
  return { origin: `http://127.0.0.1:${portOf(server.address())}`, requests }
}

/** Returns an origin where nobody listens. */
export async function deadOrigin(): Promise<string> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const port = portOf(server.address())
  await new Promise<void>((resolve) => server.close(() => resolve()))
  return `http://127.0.0.1:${port}`
}

/** Answers with JSON. */
export function json(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): WireAnswer {
  return (res) => {
    res.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers })
    res.end(typeof body === 'string' ? body : JSON.stringify(body))
  }
}

/** Answers with a page. */
export function html(status: number, body: string): WireAnswer {
  return (res) => {
    res.writeHead(status, { 'content-type': 'text/html' })
    res.end(body)
  }
}

async function readBody(req: IncomingMessage): Promise<string> {
  let body = ''
  for await (const chunk of req) body += String(chunk)
  return body
}

function portOf(address: string | { port: number } | null): number {
  if (typeof address !== 'object' || address === null) throw new Error('the server has no port')
  return address.port
}
