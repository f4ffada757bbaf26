import type { Worker } from 'node:cluster'
import {
  createProcoreAuth,
  isProcoreAuthError,
  optionsFromEnv,
  type ProcoreAuth,
} from '@procore-auth/core'
import type { Board } from './logbook.js'
import { Peer } from './peer.js'
import type { CallProcore, Calls, ToPrimary } from './questions.js'
import { openStore, type SharedStore } from './store.js'

/** What every process has, be it web or worker. */
export interface Membership {
  readonly auth: ProcoreAuth
  readonly store: SharedStore
  readonly primary: Peer<ToPrimary, Board, CallProcore>
}

/**
 * Makes this process one of many that share a store. Nothing else is needed for that: they find each
 * other in it.
 *
 * @param stop called first when this process is asked to end
 */
export function joinCluster(worker: Worker, stop: () => Promise<unknown>): Membership {
  const store = openStore(process.env)
  const auth = createProcoreAuth({
    ...optionsFromEnv(),
    tokenStore: store.tokenStore,
    // The application's own users: that is where the worker learns for whom there is something to do.
    onSignIn: async ({ user }) => {
      await store.addUser(user.id)
    },
  })
  const primary = new Peer<ToPrimary, Board, CallProcore>(worker, (question) =>
    callProcore(auth, question),
  )
  auth.on('tokens-refreshed', async ({ principal }) => {
    await primary.ask({ kind: 'refreshed', principal })
  })

  // Ctrl+C reaches all processes of a terminal; it is the primary that ends the others.
  process.on('SIGINT', () => {})
  process.once('SIGTERM', async () => {
    await stop()
    await auth.close()
    await store.close()
    worker.disconnect()
  })
  return { auth, store, primary }
}

/** Calls Procore as a user, as often as asked and at once. */
export async function callProcore(
  auth: ProcoreAuth,
  { principal, calls }: CallProcore,
): Promise<Calls> {
  const client = auth.forUser(principal)
  const results = await Promise.allSettled(
    Array.from({ length: calls }, () => client.get('/rest/v1.0/me')),
  )
  const failures = results.flatMap((result) =>
    result.status === 'rejected' ? [codeOf(result.reason)] : [],
  )
  return { calls, failures }
}

function codeOf(error: unknown): string {
  return isProcoreAuthError(error) ? error.code : String(error)
}
