import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

/** Stands in front of a server, and cuts it off. */
export class TcpProxy {
  readonly port: number
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor(server: Server, port: number) {
    this.#server = server
    this.port = port
  }

  /** Opens one on a free port. */
  static async open(target: { readonly host: string; readonly port: number }): Promise<TcpProxy> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    const proxy = new TcpProxy(server, typeof address === 'object' && address ? address.port : 0)
    server.on('connection', (inner) => proxy.#join(inner, connect(target)))
    return proxy
  }

  /** Cuts all connections and refuses new ones. */
  async cut(): Promise<void> {
    if (!this.#server.listening) return
    const closed = once(this.#server.close(), 'close')
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  /** Lets connections through again. */
  async mend(): Promise<void> {
    this.#server.listen(this.port, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  #join(inner: Socket, outer: Socket): void {
    inner.pipe(outer).pipe(inner)
    for (const socket of [inner, outer]) {
      this.#sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        this.#sockets.delete(socket)
        inner.destroy()
        outer.destroy()
      })
    }
  }
}
