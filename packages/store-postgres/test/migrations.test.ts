import { PostgresTokenStore } from '@procore-auth/store-postgres'
import type { Pool } from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { describeWithPostgres, newSchema, openPool } from './support/postgres.js'

const record = { generation: 'first', value: 'kept' }

describeWithPostgres('migrations', () => {
  let pool: Pool
  let schema: string
  let drop: () => Promise<void>

  beforeAll(() => {
    pool = openPool({ max: 20 })
  })

  beforeEach(() => {
    const own = newSchema()
    schema = own.schema
    drop = own.drop
  })

  afterEach(() => drop())
  afterAll(() => pool.end())

  test('are made with the first call, and once for many calls', async () => {
    const query = vi.spyOn(pool, 'query')
    const store = new PostgresTokenStore(pool, { schema })
    await Promise.all([store.get('a'), store.get('b'), store.acquireLease('c', 'd', 1_000)])
    await store.get('e')
    const made = query.mock.calls.filter(([text]) => String(text).startsWith('DO'))
    query.mockRestore()
    expect(made).toHaveLength(1)
  })

  test('can be made again, and leave what is stored alone', async () => {
    const store = new PostgresTokenStore(pool, { schema })
    await store.migrate()
    await store.put('key', record, undefined)
    await store.migrate()
    await new PostgresTokenStore(pool, { schema }).migrate()
    expect(await store.get('key')).toEqual(record)
  })

  test('can be made twenty times at once, in a schema that is not there, without a fault', async () => {
    const query = vi.spyOn(pool, 'query')
    const stores = Array.from({ length: 20 }, () => new PostgresTokenStore(pool, { schema }))
    await Promise.all(stores.map((store) => store.migrate()))
    const sent = await Promise.allSettled(query.mock.results.map(({ value }) => value))
    query.mockRestore()
    expect(sent.filter(({ status }) => status === 'rejected')).toEqual([])
    expect(await stores[0]?.put('key', record, undefined)).toBe(true)
  })

  test('of several tables can be made at once, in a schema that is not there', async () => {
    const tables = Array.from({ length: 10 }, (_, index) => `table_${index}`)
    const stores = tables.map((table) => new PostgresTokenStore(pool, { schema, table }))
    await Promise.all(stores.map((store) => store.put('key', record, undefined)))
    for (const store of stores) expect(await store.get('key')).toEqual(record)
  })

  test('can be made at once where transactions are serializable', async () => {
    const strict = openPool({ max: 10, options: '-c default_transaction_isolation=serializable' })
    const stores = Array.from({ length: 10 }, () => new PostgresTokenStore(strict, { schema }))
    await Promise.all(stores.map((store) => store.migrate()))
    await strict.end()
    expect(await new PostgresTokenStore(pool, { schema, migrate: false }).get('key')).toBe(
      undefined,
    )
  })

  test('are left to the application with migrate: false', async () => {
    const store = new PostgresTokenStore(pool, { schema, migrate: false })
    await expect(store.get('key')).rejects.toMatchObject({ code: '42P01' })
    await store.migrate()
    expect(await store.get('key')).toBeUndefined()
  })

  test('of a newer release are left alone', async () => {
    const store = new PostgresTokenStore(pool, { schema })
    await store.put('key', record, undefined)
    await pool.query(`INSERT INTO "${schema}".procore_auth_grants_migrations (version) VALUES (99)`)
    const query = vi.spyOn(pool, 'query')
    expect(await new PostgresTokenStore(pool, { schema }).get('key')).toEqual(record)
    const made = query.mock.calls.filter(([text]) => String(text).startsWith('DO'))
    query.mockRestore()
    expect(made).toEqual([])
  })

  test('need no rights afterwards: a role that may not create tables works on', async () => {
    await new PostgresTokenStore(pool, { schema }).migrate()
    const role = `${schema}_role`
    await pool.query(`CREATE ROLE ${role}`)
    await pool.query(`GRANT USAGE ON SCHEMA "${schema}" TO ${role}`)
    await pool.query(`GRANT ALL ON ALL TABLES IN SCHEMA "${schema}" TO ${role}`)
    const restricted = openPool({ options: `-c role=${role}` })
    const store = new PostgresTokenStore(restricted, { schema })
    expect(await store.put('key', record, undefined)).toBe(true)
    const elsewhere = new PostgresTokenStore(restricted, { schema, table: 'other' })
    await expect(elsewhere.get('key')).rejects.toMatchObject({ code: '42501' })
    await restricted.end()
    await pool.query(`DROP OWNED BY ${role}`)
    await pool.query(`DROP ROLE ${role}`)
  })

  test('take names that are words of SQL, and tell cases apart', async () => {
    const upper = new PostgresTokenStore(pool, { schema, table: 'SELECT' })
    const lower = new PostgresTokenStore(pool, { schema, table: 'select' })
    expect(await upper.put('key', record, undefined)).toBe(true)
    expect(await lower.get('key')).toBeUndefined()
    expect(await upper.get('key')).toEqual(record)
  })

  test('take names as long as they may be', async () => {
    const store = new PostgresTokenStore(pool, { schema, table: 't'.repeat(40) })
    expect(await store.put('key', record, undefined)).toBe(true)
  })
})

test.each([
  ['client', [undefined]],
  ['client', ['postgres://localhost']],
  ['schema', [{ query() {} }, { schema: 'public"; DROP TABLE users; --' }]],
  ['table', [{ query() {} }, { table: "grants' OR 1" }]],
  ['table', [{ query() {} }, { table: '' }]],
  ['table', [{ query() {} }, { table: 't'.repeat(41) }]],
  ['table', [{ query() {} }, { table: 'grants\n' }]],
  ['table', [{ query() {} }, { table: 7 }]],
  ['queryTimeoutMs', [{ query() {} }, { queryTimeoutMs: 0 }]],
  ['queryTimeoutMs', [{ query() {} }, { queryTimeoutMs: '5s' }]],
])('a %s that cannot be meant is refused', (_, options) => {
  expect(() => Reflect.construct(PostgresTokenStore, options)).toThrow(TypeError)
})
