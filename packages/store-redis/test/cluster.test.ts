import { testTokenStore } from '@procore-auth/conformance'
import { RedisTokenStore } from '@procore-auth/store-redis'
import { Cluster } from 'ioredis'
import { createCluster } from 'redis'
import { afterAll, beforeAll } from 'vitest'
import { describeWithRedis, startCluster } from './support/redis.js'
import { runner } from './support/runner.js'

const shared = { shared: true, durable: true, leaseMs: 200 }

describeWithRedis('a cluster of three masters', () => {
  let ports: readonly number[] = []
  let stop = async (): Promise<void> => undefined

  beforeAll(async () => {
    const cluster = await startCluster()
    ports = cluster.ports
    stop = cluster.stop
  }, 30_000)

  afterAll(() => stop())

  testTokenStore(runner, {
    ...shared,
    name: 'ioredis that reads from replicas, with a keyPrefix',
    open: async () => {
      const nodes = ports.map((port) => ({ host: '127.0.0.1', port }))
      const redisOptions = { keyPrefix: 'of the application:' }
      const cluster = new Cluster(nodes, { scaleReads: 'slave', redisOptions })
      return { store: new RedisTokenStore(cluster), close: async () => cluster.disconnect() }
    },
  })

  testTokenStore(runner, {
    ...shared,
    name: 'node-redis',
    open: async () => {
      const rootNodes = ports.map((port) => ({ url: `redis://127.0.0.1:${port}` }))
      const cluster = createCluster({ rootNodes, useReplicas: true })
      await cluster.connect()
      return {
        store: new RedisTokenStore(cluster, { prefix: 'of node-redis:' }),
        close: async () => cluster.destroy(),
      }
    },
  })
})
