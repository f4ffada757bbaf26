import type { Worker } from 'node:cluster'
import { setTimeout as delay } from 'node:timers/promises'
import { callProcore, joinCluster } from './join-cluster.js'

const EVERY_MS = 3_000

/** Calls Procore every few seconds as every connected user, without a request or a browser. */
export async function startWorker(worker: Worker): Promise<void> {
  const stopping = new AbortController()
  const { signal } = stopping
  const work = async (): Promise<void> => {
    for (const principal of await store.users()) {
      const { state } = await auth.status(principal)
      if (state !== 'connected') continue
      const done = await callProcore(auth, { principal, calls: 1 })
      await primary.ask({ kind: 'called', principal, ...done })
    }
  }
  const { auth, store, primary } = joinCluster(worker, async () => {
    stopping.abort()
    await running
  })
  let running = Promise.resolve()
  await primary.ask({ kind: 'ready' })
  while (!signal.aborted) {
    // A round that fails, because the store is away, is told and does not end the job.
    running = work().catch((error: unknown) => console.error(`  worker: ${error}`))
    await running
    await delay(EVERY_MS, undefined, { signal }).catch(() => {})
  }
}
