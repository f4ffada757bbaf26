import { createServer, IncomingMessage, type Server } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import type { RequestHandler } from './conduit.js'

/** A server that listens on the loopback address. */
export interface RunningServer {
  /** Scheme, host and port. */
  readonly origin: string
  readonly port: number
  /** Stops listening and cuts open connections. */
  close(): Promise<void>
}

/**
 * Starts a server on 127.0.0.1.
 *
 * @param port Port to listen on; 0 takes a free one.
 * @param handle Answers requests.
 * @returns The running server.
 * @throws {Error} when the port is taken (`code` is `EADDRINUSE`).
 */
export async function startServer(port: number, handle: RequestHandler): Promise<RunningServer> {
  const listener = getRequestListener(
    (request, env) => {
      const { incoming } = env
      if (!(incoming instanceof IncomingMessage)) return new Response(null, { status: 505 })
      return handle(request, incoming)
    },
    {
      hostname: '127.0.0.1',
      overrideGlobalObjects: false,
      errorHandler: () => new Response(null, { status: 400 }),
    },
  )
  const server = createServer((incoming, outgoing) => {
    listener(incoming, outgoing).catch(() => outgoing.destroy())
  })
  await listen(server, port)
  const address = server.address()
  const taken = typeof address === 'object' && address !== null ? address.port : port
  return {
    origin: `http://127.0.0.1:${taken}`,
    port: taken,
    close: () => stop(server),
  }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
