import { randomUUID } from 'node:crypto'
import { RedisTokenStore } from '@procore-auth/store-redis'
import { Redis } from 'ioredis'
import { createClient, createClientPool, createSentinel, RESP_TYPES } from 'redis'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import {
  describeWithRedis,
  type OwnRedis,
  REDIS_URL,
  removeKeys,
  startRedis,
} from './support/redis.js'

const record = { generation: 'first', value: '{"id":9007199254740993}' }

/** Goes through all that a store does. */
async function exercise(store: RedisTokenStore): Promise<void> {
  const key = `a*[b]?\\${randomUUID()}`
  expect(await store.get(key)).toBeUndefined()
  expect(await store.put(key, record, undefined)).toBe(true)
  expect(await store.put(key, record, undefined)).toBe(false)
  expect(await store.get(key)).toEqual(record)
  expect(await store.acquireLease(key, 'first', 10_000)).toBe(true)
  expect(await store.acquireLease(key, 'second', 10_000)).toBe(false)
  await store.releaseLease(key, 'first')
  expect(await store.acquireLease(key, 'second', 10_000)).toBe(true)
  expect(await keysOf(store, key.slice(0, -1))).toEqual([key])
  expect(await store.delete(key, 'second')).toBe(false)
  expect(await store.delete(key, 'first')).toBe(true)
}

async function keysOf(store: RedisTokenStore, prefix: string): Promise<string[]> {
  const keys: string[] = []
  for await (const key of store.list(prefix)) keys.push(key)
  return keys.sort()
}

describeWithRedis('clients', () => {
  const prefix = `test ${randomUUID()}:`
  afterAll(() => removeKeys(prefix))

  test('ioredis may have a keyPrefix with glob characters', async () => {
    const redis = new Redis(REDIS_URL, { keyPrefix: `${prefix}[*]\\?:` })
    await exercise(new RedisTokenStore(redis))
    redis.disconnect()
  })

  test('ioredis may connect lazily and bring numbers as text', async () => {
    const redis = new Redis(REDIS_URL, { lazyConnect: true, stringNumbers: true })
    await exercise(new RedisTokenStore(redis, { prefix: `${prefix}lazy:` }))
    redis.disconnect()
  })

  test('node-redis may be a pool', async () => {
    const pool = createClientPool({ url: REDIS_URL }, { minimum: 1, maximum: 3 })
    await pool.connect()
    await exercise(new RedisTokenStore(pool, { prefix: `${prefix}pool:` }))
    pool.destroy()
  })

  test('node-redis may speak RESP 2, bring bytes, and have a keyPrefix', async () => {
    const client = createClient({ url: REDIS_URL, RESP: 2, keyPrefix: 'of the application:' })
    await client.connect()
    const bytes = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer })
    await exercise(new RedisTokenStore(bytes, { prefix: `${prefix}bytes:` }))
    client.destroy()
  })

  test('keys, owners and generations with half surrogates are told apart', async () => {
    const redis = new Redis(REDIS_URL)
    const store = new RedisTokenStore(redis, { prefix: `${prefix}halves:` })
    const keys = ['\uD83D', '\uD83E', '\uFFFD', '␛d83d', '\uD83D\uDE00'].map((key) => `:${key}`)
    for (const key of keys) {
      expect(await store.put(key, { generation: key, value: key }, undefined)).toBe(true)
    }
    for (const key of keys) expect(await store.get(key)).toEqual({ generation: key, value: key })
    expect(await keysOf(store, ':')).toEqual([...keys].sort())
    expect(await keysOf(store, ':\uD83D')).toEqual([':\uD83D', ':\uD83D\uDE00'])
    expect(await store.acquireLease('lease', '\uD83D', 10_000)).toBe(true)
    expect(await store.acquireLease('lease', '\uD83E', 10_000)).toBe(false)
    redis.disconnect()
  })

  test('a lease is never listed, whatever it is called', async () => {
    const redis = new Redis(REDIS_URL)
    const store = new RedisTokenStore(redis, { prefix: `${prefix}leases:` })
    await store.acquireLease('grant:x', 'first', 10_000)
    expect(await keysOf(store, '')).toEqual([])
    redis.disconnect()
  })

  test('a key that something else uses makes calls reject', async () => {
    const redis = new Redis(REDIS_URL)
    const store = new RedisTokenStore(redis, { prefix })
    await redis.set(`${prefix}grant:text`, 'text')
    await redis.hset(`${prefix}grant:hash`, 'value', 'no generation')
    await expect(store.get('text')).rejects.toThrow('WRONGTYPE')
    await expect(store.get('hash')).rejects.toThrow('used by something else')
    redis.disconnect()
  })

  describe('whose Redis forgets its scripts', () => {
    let server: OwnRedis
    beforeAll(async () => {
      server = await startRedis()
    })
    afterAll(() => server.remove())

    test('ioredis sends them again', async () => {
      const redis = new Redis(server.port)
      const store = new RedisTokenStore(redis)
      await exercise(store)
      await redis.script('FLUSH')
      await exercise(store)
      redis.disconnect()
    })

    test('node-redis sends them again', async () => {
      const client = createClient({ url: `redis://127.0.0.1:${server.port}` })
      await client.connect()
      const store = new RedisTokenStore(client)
      await exercise(store)
      await client.sendCommand(['SCRIPT', 'FLUSH'])
      await exercise(store)
      client.destroy()
    })

    test('ioredis is never sent what a cluster would ask a replica, nor a script twice', async () => {
      const redis = new Redis(server.port)
      const call = vi.spyOn(redis, 'call')
      const store = new RedisTokenStore(redis)
      await exercise(store)
      call.mockClear()
      await exercise(store)
      const commands = call.mock.calls.map(([command]) => String(command))
      expect([...new Set(commands)].sort()).toEqual(['evalsha', 'scan'])
      redis.disconnect()
    })
  })
})

test.each([
  ['nothing', undefined],
  ['null', null],
  ['a URL', 'redis://localhost'],
  ['the class instead of a client', Redis],
  ['a client of redis 3', { connected: true, sendCommand: () => false }],
  ['a sentinel client of node-redis', sentinel()],
])('%s is refused, and the error names what is accepted', (_, client) => {
  expect(() => Reflect.construct(RedisTokenStore, [client])).toThrow(/ioredis.*createClient/)
})

test.each([
  { prefix: 7 },
  { commandTimeoutMs: 0 },
  { commandTimeoutMs: Number.NaN },
  { commandTimeoutMs: '5000ms' },
  { commandTimeoutMs: 2 ** 31 },
])('the options %o are refused', (options) => {
  const redis = new Redis({ lazyConnect: true })
  expect(() => Reflect.construct(RedisTokenStore, [redis, options])).toThrow(TypeError)
})

function sentinel(): unknown {
  return createSentinel({ name: 'main', sentinelRootNodes: [{ host: '127.0.0.1', port: 1 }] })
}
