import { RedisTokenStore } from '@procore-auth/store-redis'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startProxy } from './support/proxy.js'
import { describeWithRedis, type OwnRedis, startRedis } from './support/redis.js'

const record = { generation: 'first', value: 'kept' }
const LIMIT_MS = 300

interface Handle {
  readonly store: RedisTokenStore
  readonly close: () => void
}

/** Connects to a port of this machine, with what is the driver's default. */
const drivers: Readonly<Record<string, (port: number) => Promise<Handle>>> = {
  ioredis: async (port) => {
    const redis = new Redis(port)
    redis.on('error', () => undefined)
    await redis.ping()
    const store = new RedisTokenStore(redis, { commandTimeoutMs: LIMIT_MS })
    return { store, close: () => redis.disconnect() }
  },
  'node-redis': async (port) => {
    const client = createClient({ url: `redis://127.0.0.1:${port}` })
    client.on('error', () => undefined)
    await client.connect()
    const store = new RedisTokenStore(client, { commandTimeoutMs: LIMIT_MS })
    return { store, close: () => client.destroy() }
  },
}

/** Measures how long a call takes to reject. */
async function rejectionOf(call: Promise<unknown>): Promise<{ error: unknown; ms: number }> {
  const start = performance.now()
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  return { error, ms: performance.now() - start }
}

describeWithRedis('when Redis is away', () => {
  let server: OwnRedis

  beforeAll(async () => {
    server = await startRedis()
  })

  afterAll(() => server.remove())

  describe.each(Object.entries(drivers))('%s', (name, connect) => {
    test('calls reject within the limit, and work again when it is back', async () => {
      const { store, close } = await connect(server.port)
      await server.stop()
      for (const call of [
        () => store.get(name),
        () => store.put(name, record, undefined),
        () => store.acquireLease(name, 'first', 60_000),
      ]) {
        const { error, ms } = await rejectionOf(call())
        expect(error).toBeInstanceOf(Error)
        expect(ms).toBeLessThan(LIMIT_MS + 200)
      }
      await server.start()
      await expect.poll(() => store.get(name).catch(String), { timeout: 10_000 }).toBe(undefined)
      expect(await store.put(name, record, undefined)).toBe(true)
      close()
    }, 20_000)

    test('a lease that was asked for meanwhile is not taken when it is back', async () => {
      const proxy = await startProxy({ host: '127.0.0.1', port: server.port })
      const { store, close } = await connect(proxy.port)
      expect(await store.acquireLease(`before ${name}`, 'first', 60_000)).toBe(true)
      await proxy.close()
      await new Promise((resolve) => setTimeout(resolve, 100))
      const late = `late ${name}`
      await expect(store.acquireLease(late, 'gone', 60_000)).rejects.toThrow()
      await proxy.open()
      const back = () => store.get(late).catch(() => 'away')
      await expect.poll(back, { timeout: 10_000 }).toBe(undefined)
      expect(await store.acquireLease(late, 'next', 60_000)).toBe(true)
      close()
      await proxy.close()
    }, 20_000)

    test('a server that accepts and never answers is given up on', async () => {
      const { store, close } = await connect(server.port)
      server.pause()
      const { error, ms } = await rejectionOf(store.get(name))
      server.goOn()
      expect(error).toMatchObject({ code: 'ETIMEDOUT' })
      expect(ms).toBeLessThan(LIMIT_MS + 200)
      close()
    })

    test('a write whose answer was lost is never told to have been refused', async () => {
      const proxy = await startProxy({ host: '127.0.0.1', port: server.port })
      const { store, close } = await connect(proxy.port)
      const key = `lost ${name}`
      expect(await store.put(key, record, undefined)).toBe(true)
      proxy.loseNextAnswer()
      const next = { generation: 'second', value: 'new' }
      const outcome = await store.put(key, next, 'first').catch(() => 'rejected')
      expect(outcome).not.toBe(false)
      await expect.poll(() => store.get(key).catch(() => 'away')).toEqual(next)
      close()
      await proxy.close()
    })
  })

  test('a write that ioredis sends again after a lost answer is told to be done', async () => {
    const proxy = await startProxy({ host: '127.0.0.1', port: server.port })
    const redis = new Redis(proxy.port)
    redis.on('error', () => undefined)
    const store = new RedisTokenStore(redis)
    expect(await store.put('again', record, undefined)).toBe(true)
    proxy.loseNextAnswer()
    expect(await store.put('again', { generation: 'second', value: 'new' }, 'first')).toBe(true)
    redis.disconnect()
    await proxy.close()
  })
})
