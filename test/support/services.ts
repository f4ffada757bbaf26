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
  return (await isAnswering(url)) || reportMissing(`${name} does not answer at ${hostname}:${port}`)
}

/** Whether something accepts connections. */
export async function isAnswering(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

/**
 * Says that something is missing, loudly.
 *
 * @returns false
 * @throws {Error} in CI
 */
export function reportMissing(what: string): false {
  const message = `${what}: its tests are NOT RUN.`
  if (process.env['CI']) throw new Error(message)
  console.warn(`\n!!! ${message}\n`)
  return false
}
