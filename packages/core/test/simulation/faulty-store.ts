import { MemoryTokenStore } from '../../src/tokens/memory-token-store.js'
import type { StoredRecord, TokenStore } from '../../src/tokens/store.js'
import type { History, Row } from './history.js'
import type { Machine } from './machine.js'
import type { Random } from './random.js'
import { deletesOnlyTheDead, rowWritten, sharesOneFlight } from './refresh-rules.js'

/** How long after its failure a write may still take place. */
export const LATEST_WRITE_MS = 4_000

/** The one store that all processes share, with latency, and with faults while there are any. */
export class SharedStore {
  faulty = true
  /** Until when every call rejects. */
  downUntil = 0
  readonly #memory: MemoryTokenStore
  readonly #history: History
  readonly #random: Random
  /** Whether the effect that takes place now comes after its process was told that it failed. */
  #late = false

  constructor(history: History, random: Random) {
    const { timeline } = history
    this.#history = history
    this.#random = random
    const sleep = (): Promise<void> => Promise.reject(new Error('a store does not sleep'))
    this.#memory = new MemoryTokenStore({ clock: { now: () => timeline.now, sleep } })
  }

  /** Returns the store as one process sees it. */
  of(machine: Machine): TokenStore {
    return {
      get: (key) => this.#row(machine, 'get', () => this.#memory.get(key)),
      put: (key, record, replaces) =>
        this.#row(machine, 'put', () => this.#put(machine, [key, record, replaces])),
      delete: (key, generation) =>
        this.#row(machine, 'delete', () => this.#delete(machine, key, generation)),
      acquireLease: (name, owner, ttlMs) =>
        this.#call(machine, 'lease', () => this.#acquire(machine, [name, owner, ttlMs])),
      releaseLease: (name, owner) =>
        this.#call(machine, 'release', async () => {
          if (this.#history.lease?.owner === owner) this.#history.lease = undefined
          await this.#memory.releaseLease(name, owner)
        }),
      list: (prefix) => this.#memory.list(prefix),
    }
  }

  async #acquire(machine: Machine, call: readonly [string, string, number]): Promise<boolean> {
    const [name, owner, ttlMs] = call
    const taken = await this.#memory.acquireLease(name, owner, ttlMs)
    const history = this.#history
    history.note(() => `${machine.name} lease ${owner.slice(0, 4)} ${taken ? 'taken' : 'refused'}`)
    if (taken) history.lease = { machine, owner, until: history.timeline.now + ttlMs }
    return taken
  }

  async #afterwards<Answer>(effect: () => Promise<Answer>): Promise<Answer> {
    this.#late = true
    try {
      return await effect()
    } finally {
      this.#late = false
    }
  }

  async #put(
    machine: Machine,
    call: readonly [string, StoredRecord, string | undefined],
  ): Promise<boolean> {
    const [key, record, replaces] = call
    const written = await this.#memory.put(key, record, replaces)
    const history = this.#history
    const before = history.row
    const after = this.#read(record, history.holdsLease(machine))
    history.note(() => `${machine.name} put ${describe(after)} ${written ? 'stored' : 'refused'}`)
    if (!written) {
      after.pair.wasRefused = true
      return false
    }
    rowWritten(history, { before, after, late: this.#late })
    after.pair.wasStored = true
    if (after.marked) machine.marked = after.pair
    if (after.pending) after.pair.hadIntent = true
    const rewritten = before?.pair === after.pair ? before.underLease : after.underLease
    history.row = { ...after, underLease: rewritten }
    return true
  }

  async #delete(machine: Machine, key: string, generation: string): Promise<boolean> {
    const deleted = await this.#memory.delete(key, generation)
    const { row } = this.#history
    this.#history.note(() => `${machine.name} delete ${deleted ? 'done' : 'refused'}`)
    if (deleted && row) this.#history.check(deletesOnlyTheDead(row))
    if (deleted) this.#history.row = undefined
    return deleted
  }

  #read({ generation, value }: StoredRecord, underLease: boolean): Row {
    const token = /"accessToken":"([^"]+)"/.exec(value)?.[1] ?? ''
    const marked = /"reauthorization":\{"reason":"([^"]+)"/.exec(value)?.[1]
    const pending = value.includes('"refreshPending"')
    return { pair: this.#history.model.pairOf(token), generation, pending, marked, underLease }
  }

  async #row<Answer>(
    machine: Machine,
    what: string,
    effect: () => Promise<Answer>,
  ): Promise<Answer> {
    machine.storeCalls += 1
    this.#history.check(sharesOneFlight(machine))
    this.#history.questions += 1
    const asked = this.#history.questions
    let shown: Row | undefined
    try {
      const answer = await this.#call(machine, what, async () => {
        const result = await effect()
        shown = this.#history.row
        return result
      })
      if (shown) machine.seen.set(shown.pair.id, asked)
      return answer
    } finally {
      machine.storeCalls -= 1
    }
  }

  #call<Answer>(machine: Machine, what: string, effect: () => Promise<Answer>): Promise<Answer> {
    const random = this.#random
    const { profile, timeline, figures } = this.#history
    const latency = this.faulty ? profile.storeLatencyMs : 4
    const effectAfterMs = random.between(0, latency)
    const answerAfterMs = effectAfterMs + random.between(0, latency)
    const isDown = timeline.now < this.downUntil
    if (!isDown && !(this.faulty && random.chance(profile.storeErrors))) {
      return machine.send({ effect, effectAfterMs, answerAfterMs, failure: undefined })
    }
    figures.storeFailures += 1
    const failure = new Error('the store does not answer')
    const fate = isDown ? 'before' : random.pick('before', 'after', 'late')
    this.#history.note(() => `${machine.name} ${what} fails (${fate} its effect)`)
    if (fate === 'before')
      return machine.send({ effect: undefined, effectAfterMs, answerAfterMs, failure })
    // A late effect comes after the process has given the call up: a write that nobody waits for.
    const late =
      fate === 'late' ? answerAfterMs + random.between(0, LATEST_WRITE_MS) : effectAfterMs
    const act = fate === 'late' ? () => this.#afterwards(effect) : effect
    return machine.send({ effect: act, effectAfterMs: late, answerAfterMs, failure })
  }
}

function describe({ pair, pending, marked }: Row): string {
  return `pair ${pair.id}${pending ? ' (pending)' : ''}${marked ? ` (${marked})` : ''}`
}
