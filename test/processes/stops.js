/**
 * A store in which a refresh stops at a step: before it takes its lease, before or after the first
 * write of the grant (the intent), before or after the second (the new pair), or before it gives its
 * lease back.
 */
export class Stops {
  #wanted = new Map()
  #writes = new Map()
  #stopped = []
  #reached

  /** `reached` is told of every stop. */
  constructor(reached) {
    this.#reached = reached
  }

  /** Lets the next refresh of a principal stop at a step. */
  at(principal, step) {
    this.#wanted.set(principal, step)
  }

  /** Lets all that have stopped go on. */
  goOn() {
    for (const resume of this.#stopped.splice(0)) resume()
  }

  /** Puts the stops around a store. */
  around(store) {
    return {
      get: (key) => store.get(key),
      delete: (key, generation) => store.delete(key, generation),
      list: (prefix) => store.list(prefix),
      acquireLease: async (name, owner, ttlMs) => {
        await this.#pass(name, 'before-lease')
        return store.acquireLease(name, owner, ttlMs)
      },
      put: async (key, record, replaces) => {
        const earlier = this.#writes.get(key) ?? 0
        this.#writes.set(key, earlier + 1)
        const what = earlier === 0 ? 'intent' : 'write'
        await this.#pass(key, `before-${what}`)
        const written = await store.put(key, record, replaces)
        await this.#pass(key, `after-${what}`)
        return written
      },
      releaseLease: async (name, owner) => {
        await this.#pass(name, 'before-release')
        await store.releaseLease(name, owner)
      },
    }
  }

  async #pass(key, step) {
    const principal = decodeURIComponent(key.split(':').at(-1))
    if (this.#wanted.get(principal) !== step) return
    this.#wanted.delete(principal)
    this.#reached(principal)
    await new Promise((resume) => this.#stopped.push(resume))
  }
}
