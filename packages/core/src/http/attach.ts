import type { AuthReply, AuthRequest, AuthResponse } from '../auth-request.js'
import { ConfigurationError } from '../errors.js'
import type { ProcoreContext } from './context.js'

/** What attaching needs of a sign-in. */
interface Attachable {
  context(request: AuthRequest, reply: AuthReply): ProcoreContext
  guard(request: AuthRequest): Promise<AuthResponse | undefined>
}

/** One request, and how its framework answers it. */
export interface Exchange {
  readonly request: AuthRequest
  readonly reply: AuthReply
}

const guards = new WeakMap<object, () => Promise<AuthResponse | undefined>>()

/**
 * For adapters: gives a framework's request the property `procore`. It is made when it is first
 * touched; until then nothing is read or verified.
 *
 * @param auth whose sign-in it is; of several that a request passes the last one counts
 * @param exchange the request and its answer as plain data
 * @param carriers the objects that handlers know as the request; all get the same `procore`
 */
export function attachProcore(
  auth: Attachable,
  { request, reply }: Exchange,
  ...carriers: readonly object[]
): void {
  let context: ProcoreContext | undefined
  const get = (): ProcoreContext => {
    context ??= auth.context(request, reply)
    return context
  }
  const guard = (): Promise<AuthResponse | undefined> => auth.guard(request)
  for (const carrier of carriers) {
    Object.defineProperty(carrier, 'procore', { configurable: true, enumerable: true, get })
    guards.set(carrier, guard)
  }
}

/**
 * For adapters: decides whether a request that {@link attachProcore} has seen may go on.
 *
 * @param carrier the framework's request
 * @param fix sentence that says what to do where it was not seen
 * @returns what to answer instead; `undefined` when it may go on
 * @throws {ConfigurationError} when it was not seen
 */
export async function guardAttached(
  carrier: object,
  fix: string,
): Promise<AuthResponse | undefined> {
  const guard = guards.get(carrier)
  if (!guard) throw new ConfigurationError([fix])
  return guard()
}
