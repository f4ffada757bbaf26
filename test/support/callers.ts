import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

const script = join(import.meta.dirname, '../processes/caller.js')

/** What the calls of one process came to. */
export interface Calls {
  readonly succeeded: number
  /** Codes of the errors of the others, each once. */
  readonly codes: readonly string[]
}

/** Several processes of one application on one store. */
export class Callers {
  readonly #children: readonly ChildProcess[]

  private constructor(children: readonly ChildProcess[]) {
    this.#children = children
  }

  /** Starts them and waits until all are ready. */
  static async start(count: number, config: object): Promise<Callers> {
    const children = Array.from({ length: count }, () =>
      fork(script, [JSON.stringify(config)], { execArgv: [] }),
    )
    await Promise.all(children.map((child) => once(child, 'message')))
    return new Callers(children)
  }

  /** Lets every process make calls at once. */
  async call(calls: number): Promise<{ readonly succeeded: number; readonly codes: string[] }> {
    const answers = this.#children.map(async (child): Promise<Calls> => {
      const answer = once(child, 'message')
      child.send({ calls })
      const [result] = await answer
      return result
    })
    const results = await Promise.all(answers)
    return {
      succeeded: results.reduce((sum, { succeeded }) => sum + succeeded, 0),
      codes: [...new Set(results.flatMap(({ codes }) => codes))],
    }
  }

  /** Ends the processes. */
  async stop(): Promise<void> {
    await Promise.all(
      this.#children.map(async (child) => {
        if (child.exitCode !== null) return
        const exit = once(child, 'exit')
        child.kill('SIGKILL')
        await exit
      }),
    )
  }
}
