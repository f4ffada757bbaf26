import { randomUUID } from 'node:crypto'
import { testTokenStore } from '@procore-auth/conformance'
import { RedisTokenStore } from '@procore-auth/store-redis'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { afterAll } from 'vitest'
import { describeWithRedis, REDIS_URL, removeKeys } from './support/redis.js'
import { runner } from './support/runner.js'

/** Nothing listens here. */
const NOWHERE = 'redis://127.0.0.1:1'
const prefix = `test ${randomUUID()}:`
const shared = { shared: true, durable: true, leaseMs: 200 }

describeWithRedis('one Redis', () => {
  afterAll(() => removeKeys(prefix))

  testTokenStore(runner, {
    ...shared,
    name: 'ioredis',
    open: async () => {
      const redis = new Redis(REDIS_URL)
      return {
        store: new RedisTokenStore(redis, { prefix: `${prefix}ioredis:` }),
        close: async () => redis.disconnect(),
      }
    },
    openUnreachable: async () => {
      const redis = new Redis(NOWHERE)
      redis.on('error', () => undefined)
      return {
        store: new RedisTokenStore(redis, { commandTimeoutMs: 200 }),
        close: async () => redis.disconnect(),
      }
    },
  })

  testTokenStore(runner, {
    ...shared,
    name: 'node-redis',
    open: async () => {
      const client = createClient({ url: REDIS_URL })
      await client.connect()
      return {
        store: new RedisTokenStore(client, { prefix: `${prefix}redis:` }),
        close: async () => client.destroy(),
      }
    },
    openUnreachable: async () => {
      const client = createClient({ url: NOWHERE })
      client.on('error', () => undefined)
      client.connect().catch(() => undefined)
      return {
        store: new RedisTokenStore(client, { commandTimeoutMs: 200 }),
        close: async () => client.destroy(),
      }
    },
  })
})
