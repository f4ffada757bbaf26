import type { RequestHandler } from './conduit.js'
import { type RunningServer, startServer } from './server.js'

/** The two servers of a simulator. */
export interface RunningServers {
  readonly login: RunningServer
  readonly api: RunningServer
  /** Stops both; may be called again. */
  close(): Promise<void>
}

/**
 * Starts the two servers of a simulator.
 *
 * @param port Port of the login server, the API server takes the next one; 0 takes two free ones.
 * @param handlers The servers' requests.
 * @returns The running servers.
 * @throws {Error} when a port is taken; nothing stays open then.
 */
export async function startServers(
  port: number,
  handlers: { readonly login: RequestHandler; readonly api: RequestHandler },
): Promise<RunningServers> {
  const login = await startServer(port, handlers.login)
  const api = await startServer(port === 0 ? 0 : port + 1, handlers.api).catch(
    async (cause: unknown) => {
      await login.close()
      throw cause
    },
  )
  let closed: Promise<void> | undefined
  const closeBoth = async () => {
    await Promise.all([login.close(), api.close()])
  }
  return {
    login,
    api,
    close() {
      closed ??= closeBoth()
      return closed
    },
  }
}
