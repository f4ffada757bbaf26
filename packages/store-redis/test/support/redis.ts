import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { describe } from 'vitest'

/** The Redis that tests share; each works under prefixes of its own. */
export const REDIS_URL: string = process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379'

/** What a Redis of a test's own is started with. */
const REDIS_SERVER: string = process.env['REDIS_SERVER'] ?? 'redis-server'

const missing = await findMissing()

/** Declares tests that need Redis: without it they fail in CI, and elsewhere say that they did not run. */
export function describeWithRedis(name: string, body: () => void): void {
  if (missing && process.env['CI'] === 'true') throw new Error(`Tests cannot run: ${missing}`)
  if (missing) console.warn(`\n!!! NOT RUN: ${name}: ${missing}\n`)
  describe.skipIf(missing)(name, body)
}

async function findMissing(): Promise<string | undefined> {
  const redis = new Redis(REDIS_URL, { lazyConnect: true, retryStrategy: () => null })
  redis.on('error', () => undefined)
  const server = spawn(REDIS_SERVER, ['--version'], { stdio: 'ignore' })
  try {
    await once(server, 'exit')
    await redis.ping()
    return undefined
  } catch (error) {
    return `Redis at ${REDIS_URL} (REDIS_URL) and ${REDIS_SERVER} (REDIS_SERVER) are needed (${error})`
  } finally {
    redis.disconnect()
  }
}

/** Removes the keys that a test made in the shared Redis. */
export async function removeKeys(prefix: string): Promise<void> {
  const redis = new Redis(REDIS_URL)
  for await (const keys of redis.scanStream({ match: `${prefix}*`, count: 1_000 })) {
    if (keys.length > 0) await redis.unlink(keys)
  }
  redis.disconnect()
}

/** A Redis of a test's own, that it may stop, start and pause. */
export interface OwnRedis {
  readonly port: number
  readonly start: () => Promise<void>
  /** Kills it at once; what it held is lost. */
  readonly stop: () => Promise<void>
  /** Kills it and what it left on the disk. */
  readonly remove: () => Promise<void>
  /** Lets it accept connections and commands and answer none, until it goes on. */
  readonly pause: () => void
  readonly goOn: () => void
}

/** Starts a Redis on a free port. */
export async function startRedis(...settings: string[]): Promise<OwnRedis> {
  const port = await freePort()
  const folder = await mkdtemp(join(tmpdir(), 'procore-auth-redis-'))
  const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--dir', folder]
  const launch = async () => {
    const child = spawn(REDIS_SERVER, [...args, ...settings], { stdio: 'ignore' })
    const redis = new Redis(port, { retryStrategy: () => 20, maxRetriesPerRequest: null })
    redis.on('error', () => undefined)
    await redis.ping()
    redis.disconnect()
    return child
  }
  let running = await launch()
  const stop = async () => {
    running.kill('SIGKILL')
    if (running.exitCode === null && running.signalCode === null) await once(running, 'exit')
  }
  return {
    port,
    start: async () => {
      running = await launch()
    },
    stop,
    remove: async () => {
      await stop()
      await rm(folder, { recursive: true, force: true })
    },
    pause: () => running.kill('SIGSTOP'),
    goOn: () => running.kill('SIGCONT'),
  }
}

/** Starts a cluster of three masters and returns its first port. */
export async function startCluster(): Promise<{
  readonly ports: readonly number[]
  readonly stop: () => Promise<void>
}> {
  const nodes = await Promise.all([1, 2, 3].map(() => startRedis('--cluster-enabled', 'yes')))
  const clients = nodes.map(({ port }) => new Redis(port))
  const bounds = [0, 5_461, 10_923, 16_384]
  for (const [index, client] of clients.entries()) {
    const [from = 0, to = 0] = bounds.slice(index)
    await client.call('cluster', 'addslotsrange', String(from), String(to - 1))
    for (const { port } of nodes) await client.cluster('MEET', '127.0.0.1', port)
  }
  for (const client of clients) {
    while (!/cluster_state:ok.*cluster_known_nodes:3/s.test(String(await client.cluster('INFO')))) {
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    client.disconnect()
  }
  return {
    ports: nodes.map(({ port }) => port),
    stop: async () => {
      await Promise.all(nodes.map((node) => node.remove()))
    },
  }
}

async function freePort(): Promise<number> {
  // The bus of a cluster node is 10,000 ports above, so the port must be low enough.
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000)
    const server = createServer()
    try {
      server.listen(port, '127.0.0.1')
      await once(server, 'listening')
      return port
    } catch {
      // Taken: try another.
    } finally {
      server.close()
    }
  }
}
