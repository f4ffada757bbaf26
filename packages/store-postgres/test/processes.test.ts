import { once } from 'node:events'
import { join } from 'node:path'
import { PostgresTokenStore } from '@procore-auth/store-postgres'
import type { Pool } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildProgram, type Program } from './support/children.js'
import { describeWithPostgres, newSchema, openPool, POSTGRES_URL } from './support/postgres.js'

const PROCESSES = 8
const ROUNDS = 50

describeWithPostgres('processes that share one PostgreSQL', () => {
  const { schema, drop } = newSchema()
  let program: Program
  let pool: Pool
  let store: PostgresTokenStore

  beforeAll(async () => {
    program = await buildProgram(join(import.meta.dirname, 'support/program.ts'))
    pool = openPool()
    store = new PostgresTokenStore(pool, { schema, migrate: false })
  })

  afterAll(async () => {
    await program.remove()
    await pool.end()
    await drop()
  })

  const tasks = (name: string, count = PROCESSES) =>
    Array.from({ length: count }, (_, index) => ({
      name,
      url: POSTGRES_URL,
      schema,
      owner: `owner ${index}`,
    }))

  test('create the schema and its tables when ten of them start at once', async () => {
    const all = tasks('migrate', 10)
    expect(await program.run(all)).toEqual(all.map(() => true))
    const { rows } = await pool.query(
      `SELECT version FROM "${schema}".procore_auth_grants_migrations`,
    )
    expect(rows).toEqual([{ version: 1 }])
    for (const { owner } of all) expect((await store.get(owner))?.value).toBe(owner)
  }, 60_000)

  test('lose no update when all of them write the same record', async () => {
    await program.run(tasks('count'))
    expect((await store.get('counter'))?.value).toBe(String(PROCESSES * ROUNDS))
  }, 60_000)

  test('hold a lease one at a time', async () => {
    const all = await program.run<[from: number, to: number][]>(tasks('race'))
    const held = all.flat().sort(([left], [right]) => left - right)
    const overlaps = held.filter(([, to], index) => to > (held[index + 1]?.[0] ?? to))
    expect(held.length).toBeGreaterThan(20)
    expect(overlaps).toEqual([])
  }, 60_000)

  test('get the lease of a process that was killed when its time is over', async () => {
    const [task = {}] = tasks('hold')
    const holder = program.start(task)
    await once(holder.stdout, 'data')
    holder.kill('SIGKILL')
    await once(holder, 'exit')
    expect(await store.acquireLease('hold', 'next', 1_000)).toBe(false)
    await expect
      .poll(() => store.acquireLease('hold', 'next', 1_000), { timeout: 5_000 })
      .toBe(true)
  }, 60_000)
})
