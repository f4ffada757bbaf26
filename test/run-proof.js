// `node run-proof.js stampede|crash [--kills N] [--seed S]`: runs one proof alone and prints what it has
// measured on the last line. Of a crash, N processes are killed at random moments per store.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const root = join(import.meta.dirname, '..')
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { kills: { type: 'string', default: '20' }, seed: { type: 'string' } },
})
const [proof] = positionals
const { kills, seed = String(Date.now() % 1_000_000) } = values
if (![kills, seed].every((value) => /^\d{1,6}$/.test(value))) {
  process.stderr.write('Give --kills and --seed as whole numbers.\n')
  process.exit(2)
}

run([join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-b'])
run([
  join(root, 'node_modules', 'vitest', 'vitest.mjs'),
  'run',
  '--project=whole',
  '--reporter=verbose',
  '--reporter=./test/support/figures-reporter.ts',
  `test/${proof}`,
])

function run(command) {
  const env = { ...process.env, PROOF: proof, CRASH_KILLS: kills, CRASH_SEED: seed }
  const { status } = spawnSync(process.execPath, command, { cwd: root, env, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}
