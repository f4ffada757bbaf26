import { expect, test } from 'vitest'
import { runSchedules, traceSchedule } from './run-schedules.js'

const schedules = Number(process.env['SIMULATION_SCHEDULES'] ?? 10_000)
const seed = Number(process.env['SIMULATION_SEED'] ?? 1)
/** How many broken schedules are named; the first is shown step by step. */
const NAMED = 20

test('the refresh protocol keeps its invariants in every schedule', {
  timeout: 60_000 + schedules * 20,
}, async () => {
  const { figures, broken } = await runSchedules({ seed, schedules })
  const [first] = broken
  if (first) {
    const trace = await traceSchedule(first.seed)
    process.stdout.write(`schedule of seed ${first.seed}:\n${trace.join('\n')}\n`)
    process.stdout.write(`again: pnpm test:simulation --schedules 1 --seed ${first.seed}\n`)
  }
  process.stdout.write(`simulation ${JSON.stringify({ ...figures, violations: broken.length })}\n`)
  const named = broken.slice(0, NAMED)
  const list = named.map((one) => `seed ${one.seed}: ${one.violations.join('; ')}`)
  expect(list.join('\n')).toBe('')
})

test('a seed names one schedule, step by step', async () => {
  for (let one = seed; one < seed + 40; one += 1) {
    expect(await traceSchedule(one)).toEqual(await traceSchedule(one))
  }
})
