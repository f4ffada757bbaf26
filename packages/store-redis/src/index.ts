export type {
  IoredisClient,
  IoredisCluster,
  NodeRedisClient,
  NodeRedisCluster,
  RedisClient,
} from './client.js'
export { RedisTokenStore, type RedisTokenStoreOptions } from './redis-token-store.js'
