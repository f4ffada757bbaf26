import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { report } from '../support/figures.js'
import { hasRedisServer, RedisServer } from '../support/redis-server.js'
import { Scene } from '../support/scene.js'
import {
  hasPostgres,
  openPostgres,
  openRedis,
  POSTGRES_URL,
  type SharedStore,
} from '../support/shared-stores.js'
import { TcpProxy } from '../support/tcp-proxy.js'

const PROCESSES = 4
const CALLERS = 10
const PRINCIPAL = 'cut off'
const NEWCOMER = 'comes later'
/** The stores give up on a call after 5 s; a busy machine adds to that. */
const LONGEST_FAILURE_MS = 20_000
const FOREIGN_LEASE_MS = 60_000
/** Longer than a call to a store takes to fail. */
const DOWN_MS = 7_000

/** A store whose server can be taken away and brought back. */
interface FragileStore extends SharedStore {
  takeAway(): Promise<void>
  bringBack(): Promise<void>
}

async function openOwnRedis(): Promise<FragileStore> {
  const server = await RedisServer.start()
  const shared = await openRedis(server.url)
  return {
    ...shared,
    takeAway: () => server.kill(),
    bringBack: () => server.restart(),
    close: async () => {
      await shared.close()
      await server.remove()
    },
  }
}

async function openPostgresBehindProxy(): Promise<FragileStore> {
  const { hostname, port } = new URL(POSTGRES_URL)
  const proxy = await TcpProxy.open({ host: hostname, port: Number(port || 5432) })
  const shared = await openPostgres()
  const url = new URL(POSTGRES_URL)
  url.hostname = '127.0.0.1'
  url.port = `${proxy.port}`
  return {
    ...shared,
    config: { ...shared.config, url: url.href },
    takeAway: () => proxy.cut(),
    bringBack: () => proxy.mend(),
    close: async () => {
      await proxy.cut()
      await shared.close()
    },
  }
}

const fragileStores = [
  ...(hasRedisServer ? [['a Redis that is killed', openOwnRedis] as const] : []),
  ...(hasPostgres ? [['a PostgreSQL that is cut off', openPostgresBehindProxy] as const] : []),
]

describe.concurrent.each(fragileStores)('outage, %s', (_name, open) => {
  test('while processes wait for a refresh: no refresh, a typed error soon, tokens untouched', async (ctx) => {
    const scene = await Scene.open(ctx, open)
    const { shared } = scene
    const application = await scene.application(PROCESSES)
    const [site = expect.unreachable()] = scene.sites
    const order = { auth: site.options, principal: PRINCIPAL, calls: CALLERS }
    const newcomer = { ...order, principal: NEWCOMER }
    await site.signInExpired([PRINCIPAL, NEWCOMER])
    const before = await site.row(PRINCIPAL)
    await site.lease(PRINCIPAL, FOREIGN_LEASE_MS)

    const waiting = application.call(order)
    await delay(500)
    await shared.takeAway()
    const takenAwayAt = performance.now()
    const failures = await Promise.all([waiting, application.call(newcomer)])
    const failedAfterMs = performance.now() - takenAwayAt
    for (const calls of failures) {
      expect(calls).toMatchObject({ succeeded: 0, codes: ['ERR_PROCORE_STORE_UNAVAILABLE'] })
    }
    expect(failedAfterMs).toBeLessThan(LONGEST_FAILURE_MS)
    const refreshes = site.wire.refreshes.length
    expect(refreshes).toBe(0)

    await shared.bringBack()
    expect(await site.row(PRINCIPAL)).toEqual(before)
    await site.lease(PRINCIPAL, 0)
    const works = { succeeded: PROCESSES * CALLERS, codes: [] }
    expect(await application.call(order)).toMatchObject(works)
    expect(site.wire.refreshes.length).toBe(1)
    expect(site.unannounced).toEqual([])
    report(ctx, {
      outages: 1,
      'refreshes in them': refreshes,
      'refreshes after them': site.wire.refreshes.length - refreshes,
      'longest failure ms': failedAfterMs,
    })
  }, 120_000)

  test('while Procore answers: the pair is kept until the store is back, and nobody refreshes again', async (ctx) => {
    const scene = await Scene.open(ctx, open)
    const { shared } = scene
    const application = await scene.application(PROCESSES)
    const [site = expect.unreachable()] = scene.sites
    const order = { auth: site.options, principal: PRINCIPAL, calls: CALLERS }
    await site.signInExpired([PRINCIPAL])
    const hold = site.wire.hold(PRINCIPAL, 'after-commit')
    const calls = application.call(order)
    await hold.reached
    await shared.takeAway()
    hold.release()
    await delay(DOWN_MS)
    await shared.bringBack()
    // Those who waited for the lease may have heard of the outage; the one who holds the pair has not.
    const { succeeded, codes } = await calls
    expect(succeeded).toBeGreaterThanOrEqual(CALLERS)
    expect(codes.filter((code) => code !== 'ERR_PROCORE_STORE_UNAVAILABLE')).toEqual([])
    const works = { succeeded: PROCESSES * CALLERS, codes: [] }
    expect(await application.call(order)).toMatchObject(works)
    expect(site.wire.refreshes.length).toBe(1)
    report(ctx, {
      'outages while Procore answers': 1,
      'refreshes of them': site.wire.refreshes.length,
    })
  }, 120_000)
})
