import type { ProcoreAuth, ProcoreAuthOptions, ProcoreContext } from '@procore-auth/core'
import type { FastifyRequest } from 'fastify'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who is signed in with Procore, and what can be done for them. Set by `procoreAuth`. */
    readonly procore: ProcoreContext
  }
}

type None = { readonly [Name in keyof ProcoreAuthOptions | 'auth']?: never }

/**
 * What `app.register(procoreAuth, …)` takes: `auth`, ready-made by `createProcoreAuth`, or its options,
 * or nothing for the `PROCORE_*` variables.
 */
export type ProcorePluginOptions =
  | (ProcoreAuthOptions<FastifyRequest> & Pick<None, 'auth'>)
  | ({ readonly auth: ProcoreAuth } & Omit<None, 'auth'>)
  | None

/** What Fastify itself takes from the options of a plugin. */
const FASTIFY_OPTIONS = ['prefix', 'logLevel', 'logSerializers']

/** Whether there are options of `createProcoreAuth`. */
export const isOptions = (given: object): given is ProcoreAuthOptions<FastifyRequest> =>
  Object.keys(given).some((name) => !FASTIFY_OPTIONS.includes(name))
