import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { freePort } from './example.js'
import { isAnswering, reportMissing } from './services.js'

const program = process.env['REDIS_SERVER'] ?? 'redis-server'

/** Whether there is a program to start a Redis with. */
export const hasRedisServer: boolean =
  spawnSync(program, ['--version']).status === 0 ||
  reportMissing(`${program} is not there (REDIS_SERVER)`)

/** A Redis of a test's own that loses nothing it has confirmed. */
export class RedisServer {
  readonly url: string
  readonly #port: number
  readonly #directory: string
  #process: ChildProcess | undefined

  private constructor(port: number, directory: string) {
    this.#port = port
    this.#directory = directory
    this.url = `redis://127.0.0.1:${port}`
  }

  /** Starts one on a free port. */
  static async start(): Promise<RedisServer> {
    const directory = await mkdtemp(join(tmpdir(), 'procore-auth-redis-'))
    const server = new RedisServer(await freePort(), directory)
    await server.restart()
    return server
  }

  /** Starts it again, on the same port and with what it had stored. */
  async restart(): Promise<void> {
    const settings = ['--save', '', '--appendonly', 'yes', '--appendfsync', 'always']
    const place = ['--port', `${this.#port}`, '--bind', '127.0.0.1', '--dir', this.#directory]
    this.#process = spawn(program, [...place, ...settings], { stdio: 'ignore' })
    while (!(await isAnswering(this.url))) await delay(20)
  }

  /** Kills it. */
  async kill(): Promise<void> {
    const running = this.#process
    this.#process = undefined
    if (!running || running.exitCode !== null) return
    const exit = once(running, 'exit')
    running.kill('SIGKILL')
    await exit
  }

  /** Kills it and removes what it had stored. */
  async remove(): Promise<void> {
    await this.kill()
    await rm(this.#directory, { recursive: true })
  }
}
