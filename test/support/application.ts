import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { ProcoreAuthEvents, ProcoreAuthOptions } from '@procore-auth/core'
import type { SharedStore } from './shared-stores.js'

const script = join(import.meta.dirname, '../processes/caller.js')

/** What calls came to. */
export interface Calls {
  readonly succeeded: number
  /** Codes of the errors of the others, each once. */
  readonly codes: readonly string[]
  /** What lies beneath them, for whoever reads a failed test. */
  readonly causes: readonly string[]
  /** How long the slowest took. */
  readonly ms: number
}

/** A step of a refresh that is seen in its store. */
export type StoreStep =
  | 'before-lease'
  | 'before-intent'
  | 'after-intent'
  | 'before-write'
  | 'after-write'
  | 'before-release'

/** What a process is asked to do. */
export interface Order {
  /** Options without a store; processes that get the same ones are one application. */
  readonly auth: ProcoreAuthOptions
  readonly principal?: string
}

type ReauthorizationEvent = ProcoreAuthEvents['reauthorization-required']

/** What a process says. */
interface Message {
  readonly id?: number
  readonly result?: Calls
  /** Principal whose refresh has stopped. */
  readonly reached?: string
  readonly event?: ReauthorizationEvent
}

/** One process of an application. */
export class ApplicationProcess {
  /** Events `reauthorization-required` that were sent there. */
  readonly events: ReauthorizationEvent[] = []
  readonly #child: ChildProcess
  readonly #reached = new Set<string>()
  #orders = 0

  private constructor(child: ChildProcess) {
    this.#child = child
    child.setMaxListeners(0)
    child.on('message', ({ id, result, reached, event }: Message) => {
      if (event) this.events.push(event)
      if (reached !== undefined) this.#reached.add(reached)
      child.emit(id === undefined ? 'told' : `answer ${id}`, result)
    })
  }

  /** Starts one and waits until it has opened the store. */
  static async start({ config }: SharedStore): Promise<ApplicationProcess> {
    const child = fork(script, [JSON.stringify(config)], { execArgv: [] })
    const started = new ApplicationProcess(child)
    await once(child, 'message')
    return started
  }

  /**
   * Calls the API as often as asked at once.
   *
   * @throws {Error} when the process ends before all calls have
   */
  call(order: Order & { readonly calls: number; readonly stopAt?: StoreStep }): Promise<Calls> {
    return this.#run({ task: 'call', ...order })
  }

  /** Asks for a status. */
  status(order: Order): Promise<Calls> {
    return this.#run({ task: 'status', ...order })
  }

  /** Disconnects a principal. */
  disconnect(order: Order): Promise<Calls> {
    return this.#run({ task: 'disconnect', ...order })
  }

  /** Resolves when the refresh of a principal has stopped at its step. */
  async reached(principal: string): Promise<void> {
    while (!this.#reached.has(principal)) await once(this.#child, 'told')
  }

  /** Lets what has stopped at a step go on; a suspended process does so when it is woken. */
  goOn(): void {
    if (this.#child.connected) this.#child.send({ task: 'go-on' })
  }

  /** Suspends it. */
  suspend(): void {
    this.#child.kill('SIGSTOP')
  }

  /** Wakes it. */
  wake(): void {
    this.#child.kill('SIGCONT')
  }

  /** Kills it; resolves when it is gone. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exit = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exit
  }

  #run(order: object): Promise<Calls> {
    const id = this.#orders
    this.#orders += 1
    return new Promise((resolve, reject) => {
      const fail = (): void => reject(new Error('the process ended'))
      this.#child.once('exit', fail)
      this.#child.once(`answer ${id}`, (result: Calls) => {
        this.#child.off('exit', fail)
        resolve(result)
      })
      this.#child.send({ id, ...order })
    })
  }
}

/** Several processes of one application on one store. */
export class Application {
  readonly processes: readonly ApplicationProcess[]

  constructor(processes: readonly ApplicationProcess[]) {
    this.processes = processes
  }

  /** Lets every process make calls at once. */
  async call(order: Order & { readonly calls: number }): Promise<Calls> {
    const results = await Promise.all(this.processes.map((process) => process.call(order)))
    return {
      succeeded: results.reduce((sum, { succeeded }) => sum + succeeded, 0),
      codes: [...new Set(results.flatMap(({ codes }) => codes))],
      causes: [...new Set(results.flatMap(({ causes }) => causes))],
      ms: Math.max(...results.map(({ ms }) => ms)),
    }
  }

  /** How often processes were told that a principal has to sign in again. */
  events(principal: string): number {
    const all = this.processes.flatMap(({ events }) => events)
    return all.filter((event) => event.principal === principal).length
  }
}
