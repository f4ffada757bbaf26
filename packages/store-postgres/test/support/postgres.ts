import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, Pool, type PoolConfig } from 'pg'
import { describe } from 'vitest'

/** The PostgreSQL that tests share; each works in a schema of its own. */
export const POSTGRES_URL: string =
  process.env['POSTGRES_URL'] ?? 'postgres://postgres@127.0.0.1:5432/test'

/** What a PgBouncer is started with. Debian puts it where only root looks. */
const PGBOUNCER: string = process.env['PGBOUNCER'] ?? 'pgbouncer'
const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin` }

const missingServer = await findMissingServer()
const missingBouncer = missingServer ?? (await findMissingBouncer())

/** Declares tests that need PostgreSQL. */
export function describeWithPostgres(name: string, body: () => void): void {
  describeUnless(missingServer, name, body)
}

/** Declares tests that need PgBouncer in front of it. */
export function describeWithBouncer(name: string, body: () => void): void {
  describeUnless(missingBouncer, name, body)
}

/** What is missing makes tests fail in CI; elsewhere they say that they did not run. */
function describeUnless(missing: string | undefined, name: string, body: () => void): void {
  if (missing && process.env['CI'] === 'true') throw new Error(`Tests cannot run: ${missing}`)
  if (missing) console.warn(`\n!!! NOT RUN: ${name}: ${missing}\n`)
  describe.skipIf(missing)(name, body)
}

async function findMissingServer(): Promise<string | undefined> {
  const client = new Client({ connectionString: POSTGRES_URL, connectionTimeoutMillis: 5_000 })
  try {
    await client.connect()
    await client.end()
    return undefined
  } catch (error) {
    return `PostgreSQL is needed at ${POSTGRES_URL} (POSTGRES_URL): ${error}`
  }
}

async function findMissingBouncer(): Promise<string | undefined> {
  try {
    await once(spawn(PGBOUNCER, ['--version'], { env, stdio: 'ignore' }), 'exit')
    return undefined
  } catch (error) {
    return `PgBouncer is needed in PATH, or as PGBOUNCER: ${error}`
  }
}

/** Opens a pool whose idle connections may be cut without ending the process. */
export function openPool(config: PoolConfig = {}): Pool {
  const pool = new Pool({ connectionString: POSTGRES_URL, max: 4, ...config })
  pool.on('error', () => undefined)
  return pool
}

/** Returns the name of a schema that is not there yet, and what removes it. */
export function newSchema(): { readonly schema: string; readonly drop: () => Promise<void> } {
  const schema = `procore_auth_${randomUUID().replaceAll('-', '').slice(0, 16)}`
  return {
    schema,
    drop: async () => {
      const pool = openPool()
      await pool.query(`DROP SCHEMA IF EXISTS "${schema}" CASCADE`)
      await pool.end()
    },
  }
}

/** Starts a PgBouncer in transaction mode with two connections to the server for all its clients. */
export async function startBouncer(): Promise<{
  readonly url: string
  readonly stop: () => Promise<void>
}> {
  const target = new URL(POSTGRES_URL)
  const port = await freePort()
  const folder = await mkdtemp(join(tmpdir(), 'procore-auth-pgbouncer-'))
  const config = join(folder, 'pgbouncer.ini')
  const user = decodeURIComponent(target.username)
  const password = target.password && ` password=${decodeURIComponent(target.password)}`
  await writeFile(
    config,
    `[databases]
main = host=${target.hostname} port=${target.port || 5432} dbname=${target.pathname.slice(1)} user=${user}${password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 2
max_client_conn = 200
`,
  )
  await chmod(folder, 0o755)
  // It refuses to be root.
  const asUser = process.getuid?.() === 0 ? ['-u', 'nobody'] : []
  const child = spawn(PGBOUNCER, ['-q', ...asUser, config], { env, stdio: 'ignore' })
  const url = `postgres://${target.username}@127.0.0.1:${port}/main`
  while (child.exitCode === null && !(await answers(url))) {
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return {
    url,
    stop: async () => {
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function answers(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.end()
    return true
  } catch {
    return false
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return typeof address === 'object' && address ? address.port : 0
}
