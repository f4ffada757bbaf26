import type { ArgumentsHost } from '@nestjs/common'
import { ConfigurationError, type ProcoreAuth, type ProcoreContext } from '@procore-auth/core'

/** One of the application's instances; only the one without a name makes `req.procore`. */
export interface Instance {
  readonly auth: ProcoreAuth
  readonly name: string | undefined
}

/** What core attaches a `procore` to. */
export interface Carrier {
  readonly procore?: ProcoreContext
}

const standIns = new WeakMap<object, Map<string, Carrier>>()

/** Returns what carries the `procore` of an instance: the request, or for a name its stand-in. */
export function carrierOf(request: object, name: string | undefined): Carrier {
  if (name === undefined) return request
  const named = standIns.get(request) ?? new Map<string, Carrier>()
  const carrier = named.get(name) ?? {}
  standIns.set(request, named.set(name, carrier))
  return carrier
}

/**
 * Returns the carrier of the request that a handler answers.
 *
 * @throws {ConfigurationError} when it answers no HTTP request
 */
export function carrierIn(host: ArgumentsHost, name: string | undefined): Carrier {
  const type = host.getType<string>()
  if (type === 'http') return carrierOf(host.switchToHttp().getRequest(), name)
  throw new ConfigurationError([
    `ProcoreGuard and @Procore() are for HTTP: in a ${type} handler use @InjectProcoreAuth() and forUser(id)`,
  ])
}

/** Says what to do where nothing was attached. */
export function fixFor(name: string | undefined): string {
  const options = name === undefined ? '' : `{ name: '${name}', … }`
  return `ProcoreGuard and @Procore() need ProcoreAuthModule.forRoot(${options}) among the imports of the application`
}
