import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createProcoreAuth, type ProcoreAuthOptions, type TokenStore } from '@procore-auth/core'
import { FileTokenStore } from '@procore-auth/core/node'
import { createSimulator, type Simulator } from '@procore-auth/simulator'
import { PostgresTokenStore } from '@procore-auth/store-postgres'
import { RedisTokenStore } from '@procore-auth/store-redis'
import { SqliteTokenStore } from '@procore-auth/store-sqlite'
import { Redis } from 'ioredis'
import Database from 'libsql'
import pg from 'pg'
import { afterEach, describe, expect, test } from 'vitest'
import { Callers } from './support/callers.js'
import { isReachable } from './support/services.js'

const PROCESSES = 8
const CALLS = 50
const OUT_OF_BAND = 'urn:ietf:wg:oauth:2.0:oob'
const REDIS_URL = process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379'
const POSTGRES_URL = process.env['POSTGRES_URL'] ?? 'postgres://postgres@127.0.0.1:5432/test'

/** A shared store: how this process opens it, and how it is described to the others. */
interface SharedStore {
  readonly config: object
  readonly store: TokenStore
  close(): Promise<void>
}

const STORES: Readonly<Record<string, () => Promise<SharedStore>>> = {
  file: async () => {
    const directory = await mkdtemp(join(tmpdir(), 'procore-auth-'))
    return {
      config: { kind: 'file', directory },
      store: new FileTokenStore({ directory }),
      close: () => rm(directory, { recursive: true }),
    }
  },
  sqlite: async () => {
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
  },
  redis: async () => {
    const prefix = `stampede-${randomBytes(6).toString('hex')}:`
    const redis = new Redis(REDIS_URL)
    return {
      config: { kind: 'redis', url: REDIS_URL, prefix },
      store: new RedisTokenStore(redis, { prefix }),
      close: async () => {
        const keys = await redis.keys(`${prefix}*`)
        if (keys.length > 0) await redis.del(keys)
        redis.disconnect()
      },
    }
  },
  postgres: async () => {
    const table = `stampede_${randomBytes(6).toString('hex')}`
    const pool = new pg.Pool({ connectionString: POSTGRES_URL })
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
  },
}

const hasRedis = await isReachable('Redis', REDIS_URL)
const hasPostgres = await isReachable('PostgreSQL', POSTGRES_URL)
const available = Object.entries(STORES).filter(
  ([name]) => (hasRedis || name !== 'redis') && (hasPostgres || name !== 'postgres'),
)

let procore: Simulator
let callers: Callers | undefined
let shared: SharedStore | undefined

afterEach(async () => {
  await callers?.stop()
  await shared?.close()
  await procore.close()
  callers = undefined
  shared = undefined
})

/** What all processes of the application have in common. */
function optionsOf(simulator: Simulator): ProcoreAuthOptions {
  const { loginOrigin, apiOrigin, app } = simulator
  return {
    environment: { loginOrigin, apiOrigin },
    clientId: app.clientId,
    clientSecret: app.clientSecret,
    secret: app.clientSecret,
  }
}

/** Stores a grant whose access token lives for a second, and starts processes that share it. */
async function signIn(open: () => Promise<SharedStore>): Promise<Callers> {
  procore = await createSimulator({ accessTokenLifetimeSeconds: 1 })
  shared = await open()
  const options = optionsOf(procore)
  const auth = createProcoreAuth({ ...options, tokenStore: shared.store })
  await auth.installedApp().complete(await procore.authorize({ redirectUri: OUT_OF_BAND }))
  await auth.close()
  procore.setAccessTokenLifetime(5_400)
  callers = await Callers.start(PROCESSES, { store: shared.config, options })
  return callers
}

describe.each(available)('%s: 8 processes with 50 callers each', (_name, open) => {
  test('on one expired token send one refresh, and all calls succeed', async () => {
    const processes = await signIn(open)
    await delay(1_100)
    expect(await processes.call(CALLS)).toEqual({ succeeded: PROCESSES * CALLS, codes: [] })
    expect(procore.ledger.refreshes()).toHaveLength(1)
    // Procore ends it before its time: everybody hears 401 at once.
    procore.expireAccessTokens()
    expect(await processes.call(CALLS)).toEqual({ succeeded: PROCESSES * CALLS, codes: [] })
    expect(procore.ledger.refreshes()).toHaveLength(2)
    expect(procore.ledger.count({ reusedRefreshToken: true })).toBe(0)
  })
})

test.skipIf(!hasRedis)(
  'a token endpoint that takes 15 s, as long as a lease, still gets one refresh',
  async () => {
    const processes = await signIn(STORES['redis'] ?? expect.unreachable())
    procore.faults.add({ on: 'token', kind: 'latency', ms: 15_000 })
    await delay(1_100)
    expect(await processes.call(CALLS)).toEqual({ succeeded: PROCESSES * CALLS, codes: [] })
    expect(procore.ledger.refreshes()).toHaveLength(1)
  },
)

test('1,000 callers in one process on one expired token send one refresh', async () => {
  procore = await createSimulator()
  const auth = createProcoreAuth(optionsOf(procore))
  await auth.installedApp().complete(await procore.authorize({ redirectUri: OUT_OF_BAND }))
  procore.expireAccessTokens()
  const calls = Array.from({ length: 1_000 }, () => auth.forUser().get('/rest/v1.0/me'))
  expect(await Promise.all(calls)).toHaveLength(1_000)
  expect(procore.ledger.refreshes()).toHaveLength(1)
  await auth.close()
})
