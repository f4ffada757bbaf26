import type { AuthReply, AuthRequest, AuthResponse } from '../auth-request.js'
import { ConfigurationError } from '../errors.js'
import type { ProcoreContext } from './context.js'

/** What attaching needs of a sign-in. */
interface Attachable {
  /** Paths of the routes, where the core answers them. */
  readonly paths?: Readonly<Record<string, string>> | undefined
  context(request: AuthRequest, reply: AuthReply): ProcoreContext
  guard(request: AuthRequest): Promise<AuthResponse | undefined>
}

/** One request, and how its framework answers it. */
export interface Exchange {
  readonly request: AuthRequest
  readonly reply: AuthReply
}

/** What {@link attachProcore} makes of a framework's request. */
type Attached<Carrier extends object> = Carrier & { readonly procore: ProcoreContext }

const TWICE =
  'two sign-ins with the same routes are in front of this request, and the first one has all the grants: use procoreAuth() once, or give it the same createProcoreAuth() in both places'

/** What a request carries: whose it is, and its `procore` once that was touched. */
interface Attachment extends Exchange {
  readonly auth: Attachable
  context: ProcoreContext | undefined
}

// On the request itself: in a map of weak keys, values that lead back to their key cost the garbage
// collector several microseconds each.
const ATTACHMENT = Symbol('procore-auth')

/** One for all requests, so that they keep their shape. */
const PROCORE: PropertyDescriptor = {
  configurable: true,
  enumerable: true,
  get(this: object): ProcoreContext | undefined {
    const attachment = attachmentOf(this)
    if (attachment)
      attachment.context ??= attachment.auth.context(attachment.request, attachment.reply)
    return attachment?.context
  },
}

function attachmentOf(carrier: object): Attachment | undefined {
  return Reflect.get(carrier, ATTACHMENT)
}

/**
 * For adapters: gives a framework's request the property `procore`. It is made when it is first
 * touched; until then nothing is read or verified.
 *
 * @param auth whose sign-in it is; of several that a request passes the last one counts
 * @param exchange the request and its answer as plain data
 * @param carrier the object that handlers know as the request
 * @param aliases further ones, which get the same `procore`
 * @throws {ConfigurationError} when it has that of another sign-in with the same routes
 */
export function attachProcore<Carrier extends object>(
  auth: Attachable,
  { request, reply }: Exchange,
  carrier: Carrier,
  ...aliases: readonly object[]
): asserts carrier is Attached<Carrier> {
  if (isRival(auth, attachmentOf(carrier)?.auth)) throw new ConfigurationError([TWICE])
  const attachment: Attachment = { auth, request, reply, context: undefined }
  const hidden: PropertyDescriptor = { configurable: true, value: attachment }
  for (const each of [carrier, ...aliases]) {
    Object.defineProperty(each, ATTACHMENT, hidden)
    Object.defineProperty(each, 'procore', PROCORE)
  }
}

/** Whether the first of two answers a route of the other one, which then never has a grant. */
function isRival(auth: Attachable, first: Attachable | undefined): boolean {
  if (!first?.paths || !auth.paths || first === auth) return false
  const taken = Object.values(first.paths)
  return Object.values(auth.paths).some((path) => taken.includes(path))
}

/**
 * For adapters: checks that {@link attachProcore} has seen a request.
 *
 * @param carrier the framework's request
 * @param fix sentence that says what to do where it was not seen
 * @throws {ConfigurationError} when it was not seen
 */
export function assertAttached<Carrier extends object>(
  carrier: Carrier,
  fix: string,
): asserts carrier is Attached<Carrier> {
  if (!attachmentOf(carrier)) throw new ConfigurationError([fix])
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
  const attachment = attachmentOf(carrier)
  if (!attachment) throw new ConfigurationError([fix])
  return attachment.auth.guard(attachment.request)
}
