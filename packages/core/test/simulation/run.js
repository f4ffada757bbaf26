// `node run.js --schedules N --seed S`: runs the schedules of the seeds S to S + N - 1, side by side
// on all cores, and prints the figures on the last line.
import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const root = join(import.meta.dirname, '..', '..', '..', '..')
const { values } = parseArgs({
  options: {
    schedules: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
  },
})
const schedules = Number(values.schedules)
const seed = Number(values.seed)
if (!Number.isSafeInteger(schedules) || !Number.isSafeInteger(seed) || schedules < 1) {
  process.stderr.write('Give --schedules and --seed as whole numbers.\n')
  process.exit(2)
}

const workers = Math.min(availableParallelism(), Math.ceil(schedules / 1_000))
const share = Math.ceil(schedules / workers)
const results = await Promise.all(
  Array.from({ length: workers }, (_, index) =>
    run(seed + index * share, Math.min(share, schedules - index * share)),
  ),
)
for (const { failed, output } of results) if (failed) process.stdout.write(output)
const sum = {}
for (const { figures } of results) {
  for (const [name, value] of Object.entries(figures)) {
    sum[name] = name.startsWith('longest')
      ? Math.max(sum[name] ?? 0, value)
      : (sum[name] ?? 0) + value
  }
}
process.exitCode = results.some(({ failed }) => failed) ? 1 : 0
const text = Object.entries(sum).map(([name, value]) => `${name} ${value}`)
process.stdout.write(`simulation: ${text.join(', ')}\n`)

function run(from, count) {
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
  const child = spawn(
    process.execPath,
    [vitest, 'run', '--project', 'unit', 'packages/core/test/simulation'],
    {
      cwd: root,
      env: { ...process.env, SIMULATION_SEED: `${from}`, SIMULATION_SCHEDULES: `${count}` },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text
    })
  }
  return new Promise((resolve) => {
    child.on('close', (code) => {
      const line = /^simulation (\{.*\})$/m.exec(output)?.[1]
      resolve({ failed: code !== 0 || !line, output, figures: JSON.parse(line ?? '{}') })
    })
  })
}
