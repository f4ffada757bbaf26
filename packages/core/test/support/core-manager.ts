import { randomBytes } from 'node:crypto'
import { EventBus, type ProcoreAuthEventName } from '../../src/events.js'
import { Secret } from '../../src/redact.js'
import { createSealer } from '../../src/seal.js'
import type { TokenSet } from '../../src/token-set.js'
import { createRowCipher } from '../../src/tokens/encryption.js'
import { encodeGrant } from '../../src/tokens/grant.js'
import { GrantStore } from '../../src/tokens/grant-store.js'
import { LEASE_TTL_MS } from '../../src/tokens/lease.js'
import { MemoryTokenStore } from '../../src/tokens/memory-token-store.js'
import type { GrantRef } from '../../src/tokens/renewal.js'
import type { TokenStore } from '../../src/tokens/store.js'
import { TokenManager, type TokenManagerConfig } from '../../src/tokens/token-manager.js'
import { HOUR, shifted, TestClock } from './core-clock.js'
import { Ledger } from './core-ledger.js'
import { UnreliableStore } from './core-stores.js'

export const SCOPE = { environment: 'sandbox', clientId: 'client-id' } as const
export const USER = { id: '562949953430360', login: 'jim@example.com', name: 'Jim' } as const
export const REDIRECT_URI = 'https://app.example/callback'

/** Grants that are stored as plain text. */
export function plainGrants(
  store: TokenStore,
  scope: { readonly environment: string; readonly clientId: string } = SCOPE,
): GrantStore {
  const cipher = createRowCipher(undefined, { acceptsPlaintext: false })
  return new GrantStore({ store, cipher, ...scope })
}

/** Grants that are sealed; the first secret seals, all open. */
export function sealedGrants(
  store: TokenStore,
  secrets: readonly string[],
  { acceptsPlaintext = false }: { readonly acceptsPlaintext?: boolean } = {},
): GrantStore {
  const keys = secrets.map((secret) => new Secret(secret))
  const sealer = createSealer(keys, `grants ${SCOPE.environment} ${SCOPE.clientId}`, randomBytes)
  const cipher = createRowCipher(sealer, { acceptsPlaintext })
  return new GrantStore({ store, cipher, ...SCOPE })
}

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
      grants: plainGrants(store),
      lostRefresh: 'resend',
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

  /** Writes a pair into the store as another process would. */
  async siblingWrites(ref: GrantRef, tokens: TokenSet, generation: string): Promise<void> {
    const record = encodeGrant({
      generation,
      principal: ref.principal,
      tokens,
      user: USER,
      redirectUri: REDIRECT_URI,
      refreshPending: undefined,
      reauthorization: undefined,
    })
    const before = await this.memory.get(ref.key)
    const written = await this.memory.put(ref.key, record, before?.generation)
    if (!written) throw new Error('the row changed while a sibling wrote it')
  }

  /** Leaves what a process leaves that died with a refresh under way. */
  async interrupt(ref: GrantRef): Promise<void> {
    const before = await this.memory.get(ref.key)
    if (!before) throw new Error('there is no grant')
    const intent = { ...JSON.parse(before.value), refreshPending: { since: this.clock.now() } }
    const record = { generation: before.generation, value: JSON.stringify(intent) }
    await this.memory.put(ref.key, record, before.generation)
    await this.memory.acquireLease(ref.key, 'dead', LEASE_TTL_MS)
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

/** A scene with one process whose only grant has expired. */
export async function expiredScene(options: SceneOptions = {}) {
  const scene = new Scene(options)
  const manager = scene.process()
  const ref = await scene.signIn(manager)
  scene.clock.advance(2 * HOUR)
  return { scene, manager, ref }
}
