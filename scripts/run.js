// Entry of `npm start`, `npm run demo` and `npm test`: brings pnpm and the build, then runs one of
// them. It needs nothing but Node and npm.
import { spawnSync } from 'node:child_process'
import { delimiter, join } from 'node:path'

const PNPM = 'pnpm@12.21.0'
const root = join(import.meta.dirname, '..')
const bin = join(root, 'node_modules', '.bin')
const [task, ...rest] = process.argv.slice(2)

const tasks = {
  start: ['node', 'examples/express-tutorial/dist/main.js'],
  demo: ['node', 'examples/express-tutorial/dist/demo.js'],
  test: ['vitest', 'run'],
}

const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  fail(`procore-auth needs Node 20.19 or newer; this is ${process.version}.`)
}
const command = tasks[task]
if (!command) fail(`Name one of: ${Object.keys(tasks).join(', ')}.`)

say('Installing …')
run(['npx', '--yes', PNPM, 'install', '--frozen-lockfile', '--reporter=append-only'], 'quiet')
say('Building …')
run(['tsc', '-b'])
run([...command, ...rest])

function run([name, ...args], mode) {
  const result = spawnSync(name, args, {
    cwd: root,
    env: { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` },
    stdio: mode === 'quiet' ? ['ignore', 'pipe', 'pipe'] : 'inherit',
    shell: process.platform === 'win32',
  })
  if (result.error) fail(`${name} could not be started: ${result.error.message}`)
  if (result.status === 0) return
  if (mode === 'quiet') process.stderr.write(`${result.stdout}${result.stderr}`)
  // Ended by a signal, such as Ctrl+C: that is the way to stop `npm start`.
  process.exit(result.status ?? (result.signal === 'SIGINT' ? 0 : 1))
}

function say(text) {
  process.stderr.write(`${text}\n`)
}

function fail(message) {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}
