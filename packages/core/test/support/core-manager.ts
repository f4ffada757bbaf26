import { randomBytes } from 'node:crypto'
import { EventBus, type ProcoreAuthEventName } from '../../src/events.js'
import { GrantStore } from '../../src/tokens/grant-store.js'
import { MemoryTokenStore } from '../../src/tokens/memory-token-store.js'
import type { GrantRef } from '../../src/tokens/refresh.js'
import type { TokenStore } from '../../src/tokens/store.js'
import { TokenManager, type TokenManagerConfig } from '../../src/tokens/token-manager.js'
import { shifted, TestClock } from './core-clock.js'
import { Ledger } from './core-ledger.js'
import { UnreliableStore } from './core-stores.js'

export const SCOPE = { environment: 'sandbox', clientId: 'client-id' } as const
export const USER = { id: '562949953430360', login: 'jim@example.com', name: 'Jim' } as const
export const REDIRECT_URI = 'https://app.example/callback'

interface SceneOptions {
  readonly mode?: 'strict' | 'on-use'
  readonly lifetimeMs?: number
  /** How far the clocks of the application are ahead of Procore's. */
  readonly aheadMs?: number
}

/** One Procore, one store, and as many processes as a test wants. */
export class Scene {
  readonly clock = new TestClock()
  readonly ledger: Ledger
  readonly memory: MemoryTokenStore
  readonly store: UnreliableStore
  /** Every event of every process, in order. */
  readonly events: { name: ProcoreAuthEventName; event: object }[] = []

  constructor(options: SceneOptions = {}) {
    this.ledger = new Ledger({ ...options, clock: shifted(this.clock, -(options.aheadMs ?? 0)) })
    this.memory = new MemoryTokenStore({ clock: this.clock })
    this.store = new UnreliableStore(this.memory)
  }

  /** Starts a process. */
  process(overrides: Partial<TokenManagerConfig> & { store?: TokenStore } = {}): TokenManager {
    const { store = this.store, ...config } = overrides
    return new TokenManager({
      grants: new GrantStore(store, SCOPE),
      events: this.#recordedEvents(),
      clock: this.clock,
      randomBytes,
      refresh: this.ledger.refresh,
      requestServiceTokens: this.ledger.requestServiceTokens,
      revoke: this.ledger.revoke,
      inspect: this.ledger.inspect,
      ...config,
    })
  }

  /** Signs a user in. */
  async signIn(manager: TokenManager, principal = 'jim'): Promise<GrantRef> {
    const ref = manager.ref('authorization_code', principal)
    await manager.save(ref, { tokens: this.ledger.issue(), user: USER, redirectUri: REDIRECT_URI })
    return ref
  }

  /** Returns the stored grant as plain data. */
  async stored(ref: GrantRef): Promise<Record<string, unknown> | undefined> {
    const record = await this.memory.get(ref.key)
    if (!record) return undefined
    const value: Record<string, unknown> = JSON.parse(record.value)
    return { ...value, generation: record.generation }
  }

  /** Returns the names of the events so far. */
  eventNames(): ProcoreAuthEventName[] {
    return this.events.map(({ name }) => name)
  }

  #recordedEvents(): EventBus {
    const bus = new EventBus()
    const names = [
      'signed-in',
      'tokens-refreshed',
      'refresh-failed',
      'reauthorization-required',
      'disconnected',
    ] as const
    for (const name of names) bus.on(name, (event) => void this.events.push({ name, event }))
    return bus
  }
}
