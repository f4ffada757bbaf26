import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ProcoreContext } from '@procore-auth/core'

declare global {
  namespace Express {
    interface Request {
      /** Who is signed in with Procore, and what can be done for them. Set by `procoreAuth()`. */
      procore: ProcoreContext
    }
  }
}

/** What this adapter needs of an Express request; Express 4 and 5 alike. */
export type ExpressRequest = IncomingMessage & Express.Request & { readonly originalUrl?: string }

/** A middleware of Express 4 and 5. */
export type Handler = (
  req: ExpressRequest,
  res: ServerResponse,
  next: (error?: unknown) => void,
) => void
