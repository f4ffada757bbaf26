import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { RedisTokenStore } from '@procore-auth/store-redis'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildProgram, type Program } from './support/children.js'
import { describeWithRedis, REDIS_URL, removeKeys } from './support/redis.js'

const PROCESSES = 8
const ROUNDS = 50

describeWithRedis('processes that share one Redis', () => {
  const prefix = `test ${randomUUID()}:`
  let program: Program
  let redis: Redis
  let store: RedisTokenStore

  beforeAll(async () => {
    program = await buildProgram(join(import.meta.dirname, 'support/program.ts'))
    redis = new Redis(REDIS_URL)
    store = new RedisTokenStore(redis, { prefix })
  })

  afterAll(async () => {
    await program.remove()
    redis.disconnect()
    await removeKeys(prefix)
  })

  const task = (name: string, index = 0) => ({
    name,
    driver: index % 2 ? 'ioredis' : 'redis',
    url: REDIS_URL,
    prefix,
    owner: `owner ${index}`,
  })
  const tasks = (name: string) => Array.from({ length: PROCESSES }, (_, at) => task(name, at))

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
    const holder = program.start(task('hold'))
    await once(holder.stdout, 'data')
    holder.kill('SIGKILL')
    await once(holder, 'exit')
    expect(await store.acquireLease('hold', 'next', 1_000)).toBe(false)
    await expect
      .poll(() => store.acquireLease('hold', 'next', 1_000), { timeout: 5_000 })
      .toBe(true)
  }, 60_000)
})
