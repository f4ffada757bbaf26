import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** Stands between a client and a server. */
export interface TestProxy {
  readonly port: number
  /** Forwards nothing more to either side, and leaves connections open. */
  readonly freeze: () => void
  /** Lets what comes next reach the server, and cuts the connection when the answer comes. */
  readonly loseNextAnswer: () => void
  /** Cuts all connections and refuses new ones, until it opens again. */
  readonly close: () => Promise<void>
  readonly open: () => Promise<void>
}

/** Starts a proxy in front of a server. */
export async function startProxy(target: { host: string; port: number }): Promise<TestProxy> {
  const sockets = new Set<Socket>()
  let frozen = false
  let losing = false
  const server = createServer((inner) => {
    const outer = connect(target)
    for (const socket of [inner, outer]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        inner.destroy()
        outer.destroy()
      })
    }
    inner.on('data', (data) => frozen || outer.write(data))
    outer.on('data', (data) => {
      if (losing) {
        losing = false
        inner.destroy()
      } else if (!frozen) inner.write(data)
    })
  })
  const listen = async (port: number): Promise<number> => {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    return typeof address === 'object' && address ? address.port : 0
  }
  const port = await listen(0)
  return {
    port,
    freeze: () => {
      frozen = true
    },
    loseNextAnswer: () => {
      losing = true
    },
    close: async () => {
      if (!server.listening) return
      const closed = once(server.close(), 'close')
      for (const socket of sockets) socket.destroy()
      await closed
      frozen = false
    },
    open: async () => {
      await listen(port)
    },
  }
}
