import { PostgresTokenStore } from '@procore-auth/store-postgres'
import type { Pool } from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { describeWithPostgres, newSchema, openPool, POSTGRES_URL } from './support/postgres.js'
import { startProxy, type TestProxy } from './support/proxy.js'

const record = { generation: 'first', value: 'kept' }
const next = { generation: 'second', value: 'new' }
const LIMIT_MS = 300

describeWithPostgres('when PostgreSQL is away', () => {
  let drop: () => Promise<void>
  let proxy: TestProxy
  let direct: Pool
  let pool: Pool
  let table: string
  let store: PostgresTokenStore

  beforeEach(async () => {
    const target = new URL(POSTGRES_URL)
    const host = target.hostname
    proxy = await startProxy({ host, port: Number(target.port || 5432) })
    target.host = `127.0.0.1:${proxy.port}`
    direct = openPool()
    pool = openPool({ connectionString: target.href, max: 2 })
    const own = newSchema()
    drop = own.drop
    table = `"${own.schema}"."procore_auth_grants"`
    store = new PostgresTokenStore(pool, { schema: own.schema, queryTimeoutMs: LIMIT_MS })
    await new PostgresTokenStore(direct, { schema: own.schema }).migrate()
  })

  afterEach(async () => {
    await proxy.close()
    await Promise.all([pool.end(), direct.end()])
    await drop()
  })

  test('calls reject within the limit, and work again when it is back', async () => {
    expect(await store.put('key', record, undefined)).toBe(true)
    await proxy.close()
    const start = performance.now()
    await expect(store.get('key')).rejects.toThrow()
    await expect(store.put('key', next, 'first')).rejects.toThrow()
    await expect(store.acquireLease('key', 'first', 60_000)).rejects.toThrow()
    expect(performance.now() - start).toBeLessThan(3 * LIMIT_MS + 200)
    await proxy.open()
    expect(await store.get('key')).toEqual(record)
    expect(await store.put('key', next, 'first')).toBe(true)
  })

  test('a first call that fails does not keep the next from creating the tables', async () => {
    await proxy.close()
    await expect(store.get('key')).rejects.toThrow()
    await proxy.open()
    expect(await store.get('key')).toBeUndefined()
  })

  test('a server that never answers is given up on', async () => {
    await store.get('key')
    proxy.freeze()
    const start = performance.now()
    await expect(store.get('key')).rejects.toMatchObject({ code: 'ETIMEDOUT' })
    expect(performance.now() - start).toBeLessThan(LIMIT_MS + 200)
  })

  test('a pool without a free connection is given up on', async () => {
    await store.get('key')
    const taken = [await pool.connect(), await pool.connect()]
    await expect(store.get('key')).rejects.toMatchObject({ code: 'ETIMEDOUT' })
    for (const client of taken) client.release()
    expect(await store.get('key')).toBeUndefined()
  })

  test('a connection that drops during a write rejects it, and nothing is half-written', async () => {
    expect(await store.put('key', record, undefined)).toBe(true)
    const blocker = await direct.connect()
    await blocker.query('BEGIN')
    await blocker.query(`SELECT * FROM ${table} FOR UPDATE`)
    const write = store.put('key', next, 'first').then(String, () => 'rejected')
    const terminate = async (): Promise<boolean> => {
      const { rows } = await direct.query(
        `SELECT pg_terminate_backend(pid) AS ended FROM pg_stat_activity
         WHERE wait_event_type = 'Lock' AND query LIKE 'UPDATE ${table}%'`,
      )
      return rows.length > 0
    }
    await expect.poll(terminate, { interval: 10 }).toBe(true)
    expect(await write).toBe('rejected')
    await blocker.query('COMMIT')
    blocker.release()
    expect(await store.get('key')).toEqual(record)
    expect(await store.put('key', next, 'first')).toBe(true)
  })

  test('a write whose answer was lost is told to have failed, never to have been refused', async () => {
    expect(await store.put('key', record, undefined)).toBe(true)
    proxy.loseNextAnswer()
    await expect(store.put('key', next, 'first')).rejects.toThrow()
    await expect.poll(() => store.get('key')).toEqual(next)
  })
})
