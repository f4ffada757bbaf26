import type { Worker } from 'node:cluster'

interface Message<Asked, Answer> {
  readonly id: number
  readonly question?: Asked
  readonly answer?: Answer
}

/**
 * The process at the other end of Node's channel between a primary and the processes it started: takes
 * a `Question` and brings its `Answer`, and responds to what it asks itself.
 */
export class Peer<Question extends object, Answer, Asked> {
  readonly #worker: Worker
  readonly #pending = new Map<number, (answer: Answer | undefined) => void>()
  #lastId = 0

  constructor(worker: Worker, respond: (question: Asked) => unknown) {
    this.#worker = worker
    worker.on('message', async ({ id, question, answer }: Message<Asked, Answer>) => {
      if (question === undefined) this.#settle(id, answer)
      else this.#send({ id, answer: await respond(question) })
    })
    worker.on('disconnect', () => {
      for (const id of this.#pending.keys()) this.#settle(id, undefined)
    })
  }

  /** Resolves with `undefined` when the other process ends before it answers. */
  ask(question: Question): Promise<Answer | undefined> {
    this.#lastId += 1
    const id = this.#lastId
    return new Promise((resolve) => {
      this.#pending.set(id, resolve)
      this.#send({ id, question })
    })
  }

  #settle(id: number, answer: Answer | undefined): void {
    this.#pending.get(id)?.(answer)
    this.#pending.delete(id)
  }

  #send(message: object): void {
    // One that is ending cannot be told any more; its end settles what was asked.
    if (this.#worker.isConnected()) this.#worker.send(message, () => {})
  }
}
