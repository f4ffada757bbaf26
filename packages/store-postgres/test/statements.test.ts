import { randomUUID } from 'node:crypto'
import { PostgresTokenStore } from '@procore-auth/store-postgres'
import { Client, type Pool } from 'pg'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { describeWithPostgres, newSchema, openPool, POSTGRES_URL } from './support/postgres.js'

async function keysOf(store: PostgresTokenStore, prefix: string): Promise<string[]> {
  const keys: string[] = []
  for await (const key of store.list(prefix)) keys.push(key)
  return keys.sort()
}

describeWithPostgres('statements', () => {
  const { schema, drop } = newSchema()
  let pool: Pool
  let store: PostgresTokenStore

  beforeAll(async () => {
    pool = openPool()
    store = new PostgresTokenStore(pool, { schema })
    await store.migrate()
  })

  afterAll(async () => {
    await pool.end()
    await drop()
  })

  test('each method sends one, without a name, a transaction or a lock', async () => {
    const own = new PostgresTokenStore(pool, { schema, migrate: false })
    const query = vi.spyOn(pool, 'query')
    await own.put('one', { generation: 'first', value: 'a' }, undefined)
    await own.put('one', { generation: 'second', value: 'b' }, 'first')
    await own.get('one')
    await own.delete('one', 'second')
    await own.acquireLease('one', 'first', 1_000)
    const texts = query.mock.calls.map(([text]) => text)
    query.mockRestore()
    expect(texts).toHaveLength(5)
    for (const text of texts) expect(text).toMatch(/^(INSERT|UPDATE|SELECT|DELETE) /)
    for (const text of texts) expect(text).not.toMatch(/BEGIN|COMMIT|SET LOCAL|advisory|PREPARE/)
  })

  test('one client instead of a pool will do', async () => {
    const client = new Client(POSTGRES_URL)
    await client.connect()
    const own = new PostgresTokenStore(client, { schema })
    expect(await own.put('client', { generation: 'first', value: 'a' }, undefined)).toBe(true)
    await client.end()
  })

  test('keys, owners and generations with half surrogates are told apart', async () => {
    const keys = ['\uD83D', '\uD83E', '\uFFFD', '␛d83d', '\uD83D\uDE00'].map((key) => `h:${key}`)
    for (const key of keys) {
      expect(await store.put(key, { generation: key, value: key }, undefined)).toBe(true)
    }
    for (const key of keys) expect(await store.get(key)).toEqual({ generation: key, value: key })
    expect(await keysOf(store, 'h:')).toEqual([...keys].sort())
    expect(await keysOf(store, 'h:\uD83D')).toEqual(['h:\uD83D', 'h:\uD83D\uDE00'])
    expect(await store.acquireLease('halves', '\uD83D', 10_000)).toBe(true)
    expect(await store.acquireLease('halves', '\uD83E', 10_000)).toBe(false)
  })

  test('a list goes on behind a page of keys that begin alike for longer than the index', async () => {
    const start = `alike ${'€'.repeat(600)}`
    const keys = Array.from({ length: 1_100 }, (_, index) => `${start}${index}`)
    for (const key of keys) await store.put(key, { generation: 'first', value: '' }, undefined)
    await store.put('alike', { generation: 'first', value: '' }, undefined)
    expect(await keysOf(store, start)).toEqual(keys.sort())
    expect(await keysOf(store, `${start}1099`)).toEqual([`${start}1099`])
  })

  test('a list is read from the index', async () => {
    await pool.query(
      `INSERT INTO "${schema}".procore_auth_grants
       SELECT md5(n::text), 'filler ' || n, 'first', '' FROM generate_series(1, 20000) AS n`,
    )
    await pool.query(`ANALYZE "${schema}".procore_auth_grants`)
    const query = vi.spyOn(pool, 'query')
    await keysOf(store, 'zzz')
    const [text, values] = query.mock.calls.at(-1) ?? []
    query.mockRestore()
    const { rows } = await pool.query(`EXPLAIN ${text}`, [...Object.values(values ?? [])])
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n')
    expect(plan).toMatch(/Index Scan using procore_auth_grants_by_key/)
    expect(plan).not.toMatch(/Sort/)
  })

  test('a list does not depend on how the database sorts', async () => {
    const name = `${schema}_icu`
    await pool.query(
      `CREATE DATABASE ${name} TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US'`,
    )
    const url = new URL(POSTGRES_URL)
    url.pathname = name
    const own = openPool({ connectionString: url.href })
    onTestFinished(async () => {
      await own.end()
      await pool.query(`DROP DATABASE ${name} WITH (FORCE)`)
    })
    const sorted = new PostgresTokenStore(own)
    const keys = ['a-b', 'a_B', 'A:b', 'a:b', 'a:B', 'ab', 'aé', 'AB', 'a:\u00adb']
    for (const key of keys) await sorted.put(key, { generation: 'first', value: '' }, undefined)
    for (const prefix of ['a', 'a:', 'A', 'a:b', 'a-', 'a_']) {
      const expected = keys.filter((key) => key.startsWith(prefix)).sort()
      expect(await keysOf(sorted, prefix)).toEqual(expected)
    }
  })

  test('leases are measured by the clock of the database, not by that of the process', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 600_000 })
    expect(await store.acquireLease('clock', 'first', 60_000)).toBe(true)
    vi.useRealTimers()
    expect(await store.acquireLease('clock', 'second', 60_000)).toBe(false)
    const { rows } = await pool.query(
      `SELECT max(expires_at) < clock_timestamp() + interval '61 s' AS near
       FROM "${schema}".procore_auth_grants_leases`,
    )
    expect(rows).toEqual([{ near: true }])
  })

  test('leases of holders that died are swept out, a hundred at a time', async () => {
    const own = new PostgresTokenStore(pool, { schema, table: 'swept' })
    await own.acquireLease('held', 'first', 60_000)
    await pool.query(
      `INSERT INTO "${schema}".swept_leases
       SELECT n::text, 'dead', clock_timestamp() - n * interval '1 s' FROM generate_series(1, 150) AS n`,
    )
    const left = async () =>
      (await pool.query(`SELECT count(*)::int AS n FROM "${schema}".swept_leases`)).rows[0]?.n
    await own.releaseLease('other', 'first')
    expect(await left()).toBe(51)
    await own.releaseLease('other', 'first')
    expect(await left()).toBe(1)
    await own.releaseLease('other', 'first')
    expect(await own.acquireLease('held', 'second', 1_000)).toBe(false)
  })

  test('a sweep waits for nobody', async () => {
    await store.acquireLease('dead', 'first', 1)
    const blocker = await pool.connect()
    await blocker.query('BEGIN')
    await blocker.query(`SELECT * FROM "${schema}".procore_auth_grants_leases FOR UPDATE`)
    await store.releaseLease('other', 'first')
    await blocker.query('ROLLBACK')
    blocker.release()
  })

  test('what was rolled back because of another write is tried again, not refused', async () => {
    const strict = openPool({ options: '-c default_transaction_isolation=serializable' })
    const own = new PostgresTokenStore(strict, { schema })
    await own.put('strict', { generation: 'first', value: 'a' }, undefined)
    const blocker = await pool.connect()
    const sibling = `UPDATE "${schema}"."procore_auth_grants" SET value = 'marked'`
    await blocker.query('BEGIN')
    await blocker.query(`${sibling} WHERE generation = 'first'`)
    const write = own.put('strict', { generation: 'second', value: 'b' }, 'first')
    const waits = async (): Promise<boolean> => {
      const { rows } = await pool.query(
        `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%"${schema}"%'`,
      )
      return rows.length > 0
    }
    await expect.poll(waits, { interval: 10 }).toBe(true)
    await blocker.query('COMMIT')
    blocker.release()
    expect(await write).toBe(true)
    await strict.end()
  })

  test('races end well where transactions are serializable', async () => {
    const strict = openPool({ max: 8, options: '-c default_transaction_isolation=serializable' })
    const own = new PostgresTokenStore(strict, { schema })
    const key = randomUUID()
    const owners = Array.from({ length: 30 }, (_, index) => `owner ${index}`)
    const record = (generation: string) => ({ generation, value: generation })
    const results = async (call: (owner: string) => Promise<boolean>): Promise<number> =>
      (await Promise.all(owners.map(call))).filter(Boolean).length
    expect(await results((owner) => own.put(key, record(owner), undefined))).toBe(1)
    const { generation = '' } = (await own.get(key)) ?? {}
    expect(await results((owner) => own.put(key, record(`next ${owner}`), generation))).toBe(1)
    expect(await results((owner) => own.acquireLease(key, owner, 60_000))).toBe(1)
    await strict.end()
  })
})
