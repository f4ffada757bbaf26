import { EventBus } from '../../src/events.js'
import { createRowCipher } from '../../src/tokens/encryption.js'
import { GrantStore } from '../../src/tokens/grant-store.js'
import { TokenManager } from '../../src/tokens/token-manager.js'
import { Callers, type CallOutcome, type Host } from './callers.js'
import { scheduleChaos } from './chaos.js'
import { Procore } from './faulty-procore.js'
import { SharedStore } from './faulty-store.js'
import {
  afterFreshCall,
  afterRecovery,
  type Expectation,
  expectation,
  tellsOnce,
} from './final-rules.js'
import { type Figures, History } from './history.js'
import { Machine } from './machine.js'
import { ProcoreModel } from './procore-model.js'
import { drawProfile, type Profile } from './profile.js'
import { Random } from './random.js'
import { Timeline } from './timeline.js'

const SECOND = 1_000
/** For how long a process uses a token on that it could not renew; then it stores what it has. */
const LONGEST_MEMORY_MS = 12 * SECOND

/** One schedule: everything that happens follows from its seed. */
export class World {
  readonly seed: number
  readonly history: History
  readonly profile: Profile
  readonly random: Random
  readonly timeline = new Timeline(Date.UTC(2026, 5, 1, 12))
  readonly store: SharedStore
  readonly procore: Procore
  readonly callers: Callers
  readonly hosts: Host[] = []
  readonly #model: ProcoreModel
  readonly #machines: Machine[] = []
  readonly #phases: (() => void)[]
  #expectation: Expectation | undefined
  #outcome: CallOutcome | undefined

  constructor(seed: number, options: { readonly figures: Figures; readonly traced: boolean }) {
    this.seed = seed
    this.random = new Random(seed)
    this.profile = drawProfile(this.random)
    const { timeline, profile } = this
    this.#model = new ProcoreModel(timeline, profile)
    this.history = new History({ timeline, model: this.#model, profile, ...options })
    this.store = new SharedStore(this.history, this.random)
    this.procore = new Procore(this.history, this.random)
    this.callers = new Callers(this.history, this.procore)
    this.#phases = [
      () => this.#begin(),
      () => scheduleChaos(this),
      () => this.#callOnce(),
      () => this.timeline.after(LONGEST_MEMORY_MS, () => this.#callOnce()),
      () => this.#age(),
      () => this.#callFresh(),
      () => afterFreshCall(this.history, this.#expectation, this.#outcome),
    ]
  }

  /** Lets one thing happen; false when all is over. Microtasks must run before the next step. */
  step(): boolean {
    if (this.timeline.step()) return true
    const phase = this.#phases.shift()
    phase?.()
    if (!phase) this.history.figures.events += this.timeline.happened
    return phase !== undefined
  }

  /** Starts a process, or starts it again. */
  start(slot: number): Host {
    const skewMs = this.random.between(-this.profile.skewMs, this.profile.skewMs)
    const name = `p${slot}.${this.#machines.length}`
    const machine = new Machine(this.timeline, this.random, { name, skewMs })
    this.history.note(() => `${name} starts, ${skewMs} ms off`)
    this.#machines.push(machine)
    const host = { machine, manager: this.#manager(machine) }
    this.hosts[slot] = host
    return host
  }

  kill({ machine }: Host): void {
    if (machine.state === 'killed') return
    machine.kill()
    this.history.figures.crashes += 1
    this.history.note(() => `${machine.name} KILLED`)
  }

  /** All faults end, and every process lives. */
  heal(): void {
    this.history.note(() => 'all faults end')
    this.store.faulty = false
    this.store.downUntil = 0
    this.procore.faulty = false
    this.hosts.forEach(({ machine }, slot) => {
      machine.continue()
      if (machine.state === 'killed') this.start(slot)
    })
  }

  #begin(): void {
    this.history.note(() => JSON.stringify(this.profile))
    this.store.faulty = false
    for (let slot = 0; slot < this.profile.machines; slot += 1) this.start(slot)
    const [first] = this.hosts
    if (first) void this.callers.signIn(first)
  }

  #callOnce(): void {
    for (const host of this.hosts) {
      this.timeline.after(this.random.between(0, 2 * SECOND), () => void this.callers.call(host))
    }
  }

  /** A token that is good for hours would hide that its pair cannot be refreshed. */
  #age(): void {
    afterRecovery(this.history, this.#machines)
    const ms = this.random.chance(0.6) ? this.profile.lifetimeMs : 0
    this.timeline.after(ms, () => this.history.note(() => 'time goes by'))
  }

  #callFresh(): void {
    this.#expectation = expectation(this.history)
    const fresh = this.start(this.hosts.length)
    void this.callers.call(fresh).then((outcome) => {
      this.#outcome = outcome
    })
  }

  #manager(machine: Machine): TokenManager {
    const events = new EventBus()
    events.on('reauthorization-required', ({ reason }) => {
      this.history.figures.reauthorizations += 1
      this.history.note(() => `${machine.name} EVENT reauthorization-required ${reason}`)
      if (!machine.marked) return this.history.check('I8 an event without a mark')
      machine.marked.reauthorizationEvents += 1
      this.history.check(tellsOnce(machine.marked))
    })
    const grants = new GrantStore({
      store: this.store.of(machine),
      cipher: createRowCipher(undefined, { acceptsPlaintext: false }),
      environment: 'sandbox',
      clientId: 'client-id',
    })
    return new TokenManager({
      grants,
      events,
      clock: machine.clock,
      randomBytes: this.random.bytes,
      lostRefresh: this.profile.lostRefresh,
      refresh: (refreshToken) => this.procore.refresh(machine, refreshToken),
      requestServiceTokens: () => Promise.reject(new Error('no service account here')),
      revoke: (token) => this.procore.revoke(machine, token),
      inspect: (token) => this.procore.inspect(machine, token),
    })
  }
}
