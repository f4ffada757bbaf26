import { once } from 'node:events'
import { connect } from 'node:net'

/**
 * Whether a service answers. In CI a missing one is a failure, elsewhere a warning that says what is
 * not run.
 *
 * @param name for the message
 * @param url of the service
 */
export async function isReachable(name: string, url: string): Promise<boolean> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  try {
    await once(socket, 'connect')
    return true
  } catch {
    const message = `${name} does not answer at ${hostname}:${port}: its tests are NOT RUN.`
    if (process.env['CI']) throw new Error(message)
    console.warn(`\n!!! ${message}\n`)
    return false
  } finally {
    socket.destroy()
  }
}
