// A process with a store of its own: reads a call per line, writes its answer per line.
// Arguments: a module that exports openStore(...), and what to pass to it.
import { createInterface } from 'node:readline'

const [adapter, ...rest] = process.argv.slice(2)
const { openStore } = await import(adapter)
const store = await openStore(...rest)

/** Adds one to a counter many times, by compare-and-set. */
async function count(key, rounds, name) {
  for (let round = 0; round < rounds; round += 1) {
    for (;;) {
      const record = await store.get(key)
      const generation = `${name} ${round}`
      const next = { generation, value: String(Number(record.value) + 1) }
      if (await store.put(key, next, record.generation)) break
    }
  }
}

process.stdout.write('ready\n')
for await (const line of createInterface({ input: process.stdin })) {
  const [method, ...values] = JSON.parse(line).map((each) => each ?? undefined)
  let answer
  try {
    const result = method === 'count' ? await count(...values) : await store[method](...values)
    answer = { result }
  } catch (error) {
    answer = { error: `${error.code} ${error.message}` }
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`)
}
