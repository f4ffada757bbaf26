import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TokenStore } from '@procore-auth/core'
import { FileTokenStore } from '@procore-auth/core/node'
import { PostgresTokenStore } from '@procore-auth/store-postgres'
import { RedisTokenStore } from '@procore-auth/store-redis'
import { SqliteTokenStore } from '@procore-auth/store-sqlite'
import { Redis } from 'ioredis'
import Database from 'libsql'
import pg from 'pg'
import { isReachable } from './services.js'

/** Redis of the machine; every store in it has a prefix of its own. */
export const REDIS_URL: string = process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379'
/** PostgreSQL of the machine; every store in it has tables of its own. */
export const POSTGRES_URL: string =
  process.env['POSTGRES_URL'] ?? 'postgres://postgres@127.0.0.1:5432/test'

/** A store that several processes share: as this one opens it, and as the others are told of it. */
export interface SharedStore {
  readonly config: Readonly<Record<string, string>>
  readonly store: TokenStore
  /** Closes and removes it. */
  close(): Promise<void>
}

/** Opens a new, empty store. */
export type OpenSharedStore = () => Promise<SharedStore>

async function openFile(): Promise<SharedStore> {
  const directory = await mkdtemp(join(tmpdir(), 'procore-auth-'))
  return {
    config: { kind: 'file', directory },
    store: new FileTokenStore({ directory }),
    close: () => rm(directory, { recursive: true }),
  }
}

async function openSqlite(): Promise<SharedStore> {
  const directory = await mkdtemp(join(tmpdir(), 'procore-auth-'))
  const file = join(directory, 'grants.db')
  const database = new Database(file)
  return {
    config: { kind: 'sqlite', file },
    store: new SqliteTokenStore(database),
    close: async () => {
      database.close()
      await rm(directory, { recursive: true })
    },
  }
}

/** Opens a store in the Redis of a URL. */
export async function openRedis(url: string = REDIS_URL): Promise<SharedStore> {
  const prefix = `test-${randomBytes(6).toString('hex')}:`
  const redis = quiet(new Redis(url))
  return {
    config: { kind: 'redis', url, prefix },
    store: new RedisTokenStore(redis, { prefix }),
    close: async () => {
      const keys = await redis.keys(`${prefix}*`)
      if (keys.length > 0) await redis.del(keys)
      redis.disconnect()
    },
  }
}

/** Opens a store in PostgreSQL. */
export async function openPostgres(): Promise<SharedStore> {
  const table = `test_${randomBytes(6).toString('hex')}`
  const pool = quiet(new pg.Pool({ connectionString: POSTGRES_URL, max: 4 }))
  return {
    config: { kind: 'postgres', url: POSTGRES_URL, table },
    store: new PostgresTokenStore(pool, { table }),
    close: async () => {
      const { rows } = await pool.query(
        'SELECT tablename FROM pg_tables WHERE starts_with(tablename, $1)',
        [table],
      )
      for (const { tablename } of rows) await pool.query(`DROP TABLE "${tablename}"`)
      await pool.end()
    },
  }
}

/** Lets a lost connection be told by the call that needs it. */
function quiet<Emitter extends { on(name: 'error', listener: () => void): unknown }>(
  connection: Emitter,
): Emitter {
  connection.on('error', () => undefined)
  return connection
}

/** Whether the Redis of the machine answers. */
export const hasRedis: boolean = await isReachable('Redis', REDIS_URL)
/** Whether the PostgreSQL of the machine answers. */
export const hasPostgres: boolean = await isReachable('PostgreSQL', POSTGRES_URL)

/** Every kind of store that processes can share and that is there. */
export const sharedStores: readonly (readonly [name: string, open: OpenSharedStore])[] = [
  ['file', openFile],
  ['sqlite', openSqlite],
  ...(hasRedis ? [['redis', () => openRedis()] as const] : []),
  ...(hasPostgres ? [['postgres', openPostgres] as const] : []),
]
