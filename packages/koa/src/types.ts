import type { ProcoreContext } from '@procore-auth/core'
import type { ExtendableContext, Next } from 'koa'

declare module 'koa' {
  interface ExtendableContext {
    /** Who is signed in with Procore, and what can be done for them. Set by `procoreAuth()`. */
    readonly procore: ProcoreContext
  }
}

/** A Koa context, as callbacks such as `principal` get it in `request.raw`. */
export type KoaContext = ExtendableContext

/** A middleware of Koa 2 and 3. */
export type Handler = (ctx: KoaContext, next: Next) => Promise<unknown>
