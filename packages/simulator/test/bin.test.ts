import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { member } from './support/simulator.js'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const bin = fileURLToPath(new URL('../dist/bin.js', import.meta.url))
const children: ChildProcess[] = []

beforeAll(async () => {
  const build = spawn('npx', ['tsc', '-b', 'packages/simulator'], { cwd: root })
  const [code] = await once(build, 'close')
  expect(code).toBe(0)
}, 60_000)

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

function launch(args: readonly string[]): {
  readonly child: ChildProcess
  readonly output: { out: string; error: string }
} {
  const child = spawn(process.execPath, [bin, ...args])
  children.push(child)
  const output = { out: '', error: '' }
  child.stdout.on('data', (chunk) => {
    output.out += String(chunk)
  })
  child.stderr.on('data', (chunk) => {
    output.error += String(chunk)
  })
  return { child, output }
}

async function run(...args: string[]): Promise<{
  readonly code: unknown
  readonly out: string
  readonly error: string
}> {
  const { child, output } = launch(args)
  const [code] = await once(child, 'close')
  return { code, ...output }
}

function readVariables(out: string): ReadonlyMap<string, string> {
  const web = out.split('Service account')[0] ?? ''
  return new Map(
    [...web.matchAll(/^(PROCORE_\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]),
  )
}

describe('procore-simulator', () => {
  it('prints variables that can be used at once, and ends on a signal', async () => {
    const { child, output } = launch([
      ...['--port', '0', '--refresh-mode', 'on-use', '--lifetime', '60'],
      ...['--client-id', 'my-id', '--client-secret', 'my-secret'],
      ...['--redirect-uri', 'http://localhost:1/a', '--redirect-uri', 'http://localhost:1/b'],
    ])
    await expect.poll(() => output.out, { timeout: 10_000 }).toContain('Service account')
    const variables = readVariables(output.out)
    expect(variables.get('PROCORE_CLIENT_ID')).toBe('my-id')
    expect(variables.get('PROCORE_CLIENT_SECRET')).toBe('my-secret')
    expect(variables.get('PROCORE_REDIRECT_URI')).toBe('http://localhost:1/a')
    expect(output.out).toContain('http://localhost:1/b')
    const response = await fetch(`${variables.get('PROCORE_LOGIN_ORIGIN')}/oauth/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: 'my-id',
        client_secret: 'my-secret',
      }),
    })
    expect(member(await response.json(), 'expires_in')).toBe(60)
    expect((await fetch(`${variables.get('PROCORE_API_ORIGIN')}/rest/v1.0/me`)).status).toBe(401)
    child.kill('SIGTERM')
    expect(await once(child, 'close')).toEqual([0, null])
  })

  it('ends on Ctrl+C', async () => {
    const { child, output } = launch(['--port', '0'])
    await expect.poll(() => output.out, { timeout: 10_000 }).toContain('Service account')
    child.kill('SIGINT')
    expect(await once(child, 'close')).toEqual([0, null])
  })

  it('prints help and version', async () => {
    expect(await run('--help')).toMatchObject({
      code: 0,
      out: expect.stringContaining('--refresh-mode'),
      error: '',
    })
    expect(await run('--version')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    })
  })

  it.each([
    ['an unknown option', ['--nonsense'], '--nonsense'],
    ['a stray word', ['start'], 'start'],
    ['a port of letters', ['--port', 'x'], '--port'],
    ['the last port, which leaves none for the API', ['--port', '65535'], '--port'],
    ['an unknown refresh mode', ['--refresh-mode', 'never'], '--refresh-mode'],
    ['a lifetime of nothing', ['--lifetime', '0'], '--lifetime'],
    ['a relative redirect URI', ['--redirect-uri', '/callback'], '--redirect-uri'],
    ['an empty client id', ['--client-id', ''], '--client-id'],
  ])('refuses %s', async (_name, args, named) => {
    const { code, out, error } = await run(...args)
    expect([code, out]).toEqual([2, ''])
    expect(error).toContain(named)
    expect(error).not.toMatch(/\n\s+at /)
  })

  it('says when a port is in use', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : undefined
    const { code, error } = await run('--port', String(port))
    server.close()
    expect(code).toBe(1)
    expect(error).toBe(
      `procore-simulator: Port ${port} is in use. Choose another one with --port.\n`,
    )
  })
})
