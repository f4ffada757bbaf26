// What the child processes of `processes.test.ts` do; the task is their argument, as JSON.
import { PostgresTokenStore } from '@procore-auth/store-postgres'
import { Pool } from 'pg'

const task: {
  readonly name: 'count' | 'race' | 'hold' | 'migrate'
  readonly url: string
  readonly schema: string
  readonly owner: string
} = JSON.parse(process.argv[2] ?? '')

const pool = new Pool({ connectionString: task.url, max: 2 })
const store = new PostgresTokenStore(pool, { schema: task.schema })

const programs = { count, race, hold, migrate }
process.stdout.write(JSON.stringify(await programs[task.name]()))
await pool.end()

async function count(): Promise<number> {
  let lost = 0
  for (let done = 0; done < 50; ) {
    const stored = await store.get('counter')
    const value = String(Number(stored?.value ?? 0) + 1)
    const generation = `${task.owner} ${done}`
    if (await store.put('counter', { generation, value }, stored?.generation)) done += 1
    else {
      lost += 1
      await pause(10 * Math.random())
    }
  }
  return lost
}

/** Returns when the lease was surely held, in microseconds of the machine's own clock. */
async function race(): Promise<[from: number, to: number][]> {
  const held: [number, number][] = []
  const end = performance.now() + 1_000
  while (performance.now() < end) {
    if (!(await store.acquireLease('race', task.owner, 10_000))) {
      await pause(2)
      continue
    }
    const from = now()
    await pause(3)
    held.push([from, now()])
    await store.releaseLease('race', task.owner)
  }
  return held
}

async function hold(): Promise<never> {
  if (!(await store.acquireLease('hold', task.owner, 700))) throw new Error('the lease is taken')
  process.stdout.write('held')
  return new Promise(() => {
    setInterval(() => undefined, 1_000)
  })
}

/** The first call of each creates the tables. */
async function migrate(): Promise<boolean> {
  return store.put(task.owner, { generation: 'first', value: task.owner }, undefined)
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

function now(): number {
  return Number(process.hrtime.bigint() / 1_000n)
}
