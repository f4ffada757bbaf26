import type { ProcoreContext } from '@procore-auth/core'

/** A request that `procoreAuth()` has seen. */
export type ProcoreRequest<Raw extends Request = Request> = Raw & {
  /** Who is signed in with Procore, and what can be done for them. */
  readonly procore: ProcoreContext
}

/** A handler of Web requests, with whatever its framework passes besides. */
export type ProcoreHandler<Raw extends Request, Rest extends readonly unknown[], Result> = (
  request: ProcoreRequest<Raw>,
  ...rest: Rest
) => Result | Promise<Result>

/** Puts sign-in around a handler. */
export type WithProcore = <Raw extends Request, Rest extends readonly unknown[]>(
  // Nothing need be returned after `request.procore.login()`.
  handler: ProcoreHandler<Raw, Rest, Response | undefined>,
) => (request: Raw, ...rest: Rest) => Promise<Response>
