import { once } from 'node:events'
import type { TokenStore } from '@procore-auth/core'
import { PostgresTokenStore } from '@procore-auth/store-postgres'
import { RedisTokenStore } from '@procore-auth/store-redis'
import { Redis } from 'ioredis'
import pg from 'pg'

/** What all processes share: the grants of procore-auth, and the application's own list of users. */
export interface SharedStore {
  readonly tokenStore: TokenStore
  /** Rejects when the database does not answer; creates what is missing in it. */
  prepare(): Promise<unknown>
  addUser(id: string): Promise<unknown>
  users(): Promise<readonly string[]>
  /** Removes everything that this example wrote. */
  clear(): Promise<unknown>
  close(): Promise<unknown>
}

/** The example cannot start; the message says what to do. */
export class SetupError extends Error {}

/** Opens the database of `POSTGRES_URL` or `REDIS_URL`, by default the Redis of this machine. */
export function openStore(env: NodeJS.ProcessEnv): SharedStore {
  const { POSTGRES_URL, REDIS_URL, CLUSTER_NAME = '' } = env
  // It becomes part of an SQL statement.
  if (!/^[a-z_][a-z0-9_]{0,39}$/.test(CLUSTER_NAME)) {
    throw new SetupError('CLUSTER_NAME takes small letters, digits and _, at most 32 of them.')
  }
  if (POSTGRES_URL && REDIS_URL) {
    throw new SetupError('Set REDIS_URL or POSTGRES_URL, not both: there is one shared store.')
  }
  const url = POSTGRES_URL || REDIS_URL || 'redis://127.0.0.1:6379'
  const store = POSTGRES_URL ? openPostgres(url, CLUSTER_NAME) : openRedis(url, CLUSTER_NAME)
  return { ...store, prepare: () => store.prepare().catch((error) => notReachable(url, error)) }
}

function openRedis(url: string, name: string): SharedStore {
  const redis = new Redis(url)
  const users = `${name}:users`
  redis.on('error', noted)
  return {
    tokenStore: new RedisTokenStore(redis, { prefix: `${name}:` }),
    prepare: () => once(redis, 'ready'),
    addUser: (id) => redis.sadd(users, id),
    users: () => redis.smembers(users),
    clear: async () => {
      for await (const keys of redis.scanStream({ match: `${name}:*` })) {
        if (keys.length > 0) await redis.unlink(keys)
      }
    },
    close: async () => redis.disconnect(),
  }
}

function openPostgres(url: string, name: string): SharedStore {
  const pool = new pg.Pool({ connectionString: url, connectionTimeoutMillis: 5_000 })
  const tokenStore = new PostgresTokenStore(pool, { schema: name })
  const users = `"${name}".users`
  pool.on('error', noted)
  return {
    tokenStore,
    prepare: async () => {
      await tokenStore.migrate()
      await pool.query(`CREATE TABLE IF NOT EXISTS ${users} (id text PRIMARY KEY)`)
    },
    addUser: (id) => pool.query(`INSERT INTO ${users} VALUES ($1) ON CONFLICT DO NOTHING`, [id]),
    users: async () => {
      const { rows } = await pool.query<{ readonly id: string }>(`SELECT id FROM ${users}`)
      return rows.map(({ id }) => id)
    },
    clear: () => pool.query(`DROP SCHEMA "${name}" CASCADE`),
    close: () => pool.end(),
  }
}

/** A lost connection is told by the call that needs it, and comes back by itself. */
function noted(): void {}

function notReachable(url: string, error: unknown): never {
  // The address may hold a password, so only its host is shown.
  const host = URL.canParse(url) ? new URL(url).host : '(not a valid address)'
  const reason = error instanceof Error ? error.message || Reflect.get(error, 'code') : error
  throw new SetupError(
    `The shared store at ${host} does not answer (${reason}): start it, or set REDIS_URL or POSTGRES_URL.`,
  )
}
