import { BoundedMap } from '../bounded-map.js'
import type { Clock } from '../clock.js'
import { isProcoreAuthError, ProcoreAuthError, ReauthorizationRequiredError } from '../errors.js'
import type { EventBus, ProcoreAuthEventName, ProcoreAuthEvents } from '../events.js'
import type { Secret } from '../redact.js'
import type { GrantType, ProcoreUser, TokenSet } from '../token-set.js'
import { disconnectGrant } from './disconnect.js'
import { Expiry } from './expiry.js'
import type { Grant } from './grant.js'
import { assertPrincipal } from './grant-key.js'
import type { GrantStore } from './grant-store.js'
import { newGeneration, type UnsavedGrants } from './keep-grant.js'
import { renewGrant } from './refresh.js'
import type { GrantRef, LostRefreshPolicy, RefreshConfig } from './renewal.js'
import type { TokenSource, UsableToken } from './token-source.js'

/** Whether and how a principal is connected to Procore. */
export type ConnectionStatus =
  | { readonly state: 'connected'; readonly user: ProcoreUser | undefined }
  | { readonly state: 'needs-reauthorization'; readonly reason: string; readonly since: number }
  | { readonly state: 'not-connected' }

/** What the manager needs. The requests come as functions, so no wire is known here. */
export interface TokenManagerConfig {
  readonly grants: GrantStore
  readonly events: EventBus
  readonly clock: Clock
  readonly randomBytes: (size: number) => Buffer
  readonly lostRefresh: LostRefreshPolicy
  readonly refresh: RefreshConfig['refresh']
  readonly requestServiceTokens: RefreshConfig['requestServiceTokens']
  readonly revoke: RefreshConfig['revoke']
  /** Asks Procore whether an access token works. */
  readonly inspect: (accessToken: Secret) => Promise<'valid' | 'invalid'>
}

/** Why a newer grant is wanted: Procore answered 401 to this one, or its time is nearly over. */
type Reason = 'expiring' | 'rejected'

interface Cached {
  readonly grant: Grant
  /** By Procore's clock. */
  readonly renewAt: number
}

const MAXIMUM_CACHED = 10_000
const SAVE_ATTEMPTS = 20

/** Hands out access tokens that work, and is the only one to change stored grants. */
export class TokenManager {
  readonly #config: TokenManagerConfig
  readonly #expiry: Expiry
  readonly #cache = new BoundedMap<string, Cached>(MAXIMUM_CACHED)
  readonly #flights = new Map<string, Promise<Grant>>()
  readonly #unsaved: UnsavedGrants = new Map()

  constructor(config: TokenManagerConfig) {
    this.#config = config
    this.#expiry = new Expiry(config.clock, () => config.randomBytes(1).readUInt8() / 255)
  }

  /** Names a grant; checks the principal. */
  ref(grantType: GrantType, principal: string): GrantRef {
    assertPrincipal(principal)
    return { key: this.#config.grants.key(grantType, principal), grantType, principal }
  }

  /**
   * Returns an access token that is not about to expire: from memory when there is one, else from
   * the store, else by one refresh, whoever asks at the same time.
   *
   * @throws {ReauthorizationRequiredError} when somebody has to sign in (again)
   * @throws {ProcoreAuthError} `ERR_PROCORE_REFRESH_FAILED`, `ERR_PROCORE_STORE_UNAVAILABLE`
   */
  async use(ref: GrantRef): Promise<UsableToken> {
    const cached = this.#cache.get(ref.key)
    if (cached && this.#expiry.isBefore(cached.renewAt)) return usable(cached.grant)
    const generation = cached?.grant.generation
    return usable(await this.#renew(ref, generation, 'expiring'))
  }

  /**
   * Returns a token newer than one that Procore answered 401 to.
   *
   * @param rejected generation of the token that was used
   * @throws the same as {@link TokenManager.use}
   */
  async replace(ref: GrantRef, rejected: string): Promise<UsableToken> {
    const cached = this.#cache.get(ref.key)
    if (cached && cached.grant.generation !== rejected) return this.use(ref)
    for (;;) {
      // A flight that others started may end at the very pair that was rejected.
      const grant = await this.#renew(ref, rejected, 'rejected')
      if (grant.generation !== rejected) return usable(grant)
    }
  }

  /** Returns the tokens of one grant in the form that the API client takes. */
  source(ref: GrantRef): TokenSource {
    return {
      use: () => this.use(ref),
      replace: (rejected) => this.replace(ref, rejected.generation),
      confirm: (token) => this.#config.inspect(token.accessToken),
    }
  }

  /** Stores what a sign-in brought. It replaces whatever is stored. */
  async save(
    ref: GrantRef,
    given: {
      readonly tokens: TokenSet
      readonly user: ProcoreUser
      readonly redirectUri: string
    },
  ): Promise<void> {
    this.#expiry.observe(given.tokens)
    const grant: Grant = {
      ...given,
      generation: newGeneration(this.#config),
      principal: ref.principal,
      refreshPending: undefined,
      reauthorization: undefined,
    }
    for (let attempt = 0; attempt < SAVE_ATTEMPTS; attempt += 1) {
      const replaces = await this.#config.grants.generation(ref.key)
      if (await this.#config.grants.write(ref.key, grant, replaces)) {
        this.#remember(ref, grant)
        return
      }
    }
    throw new ProcoreAuthError(
      'ERR_PROCORE_STORE_UNAVAILABLE',
      'The grant was replaced again and again while it was written: sign in again',
    )
  }

  /** Tells from the store how a principal is connected. */
  async status(ref: GrantRef): Promise<ConnectionStatus> {
    const grant = await this.#config.grants.read(ref.key, ref.principal)
    if (!grant) return { state: 'not-connected' }
    if (grant.reauthorization) return { state: 'needs-reauthorization', ...grant.reauthorization }
    if (!this.#cache.get(ref.key)) this.#remember(ref, grant)
    return { state: 'connected', user: grant.user }
  }

  /** Returns whom a grant belongs to, also one that no longer works. */
  async user(ref: GrantRef): Promise<ProcoreUser | undefined> {
    return (await this.#config.grants.read(ref.key, ref.principal))?.user
  }

  /** Yields the principals that have a grant of a user. */
  principals(): AsyncIterable<string> {
    return this.#config.grants.principals('authorization_code')
  }

  /** Whether there is a grant that may work: from memory when one is known, else from the store. */
  async isConnected(ref: GrantRef): Promise<boolean> {
    return this.#cache.get(ref.key) !== undefined || (await this.status(ref)).state === 'connected'
  }

  /**
   * Ends a grant: revokes it at Procore, checks that it is dead, deletes it.
   *
   * @throws {ProcoreAuthError} `ERR_PROCORE_DISCONNECT_FAILED` when Procore does not confirm; the
   *   grant is kept then
   */
  async disconnect(ref: GrantRef): Promise<void> {
    this.#cache.delete(ref.key)
    // A pair that the store has not taken yet is known here alone.
    const unsaved = this.#unsaved.get(ref.key)
    if (unsaved) await this.#config.revoke(unsaved.grant.tokens.accessToken)
    this.#unsaved.delete(ref.key)
    const ended = await disconnectGrant(this.#config, ref)
    this.#cache.delete(ref.key)
    if (ended) await this.#config.events.emit('disconnected', { principal: ref.principal })
  }

  /** One renewal at a time per grant; whoever comes meanwhile gets the same result. */
  async #renew(ref: GrantRef, outdated: string | undefined, reason: Reason): Promise<Grant> {
    const running = this.#flights.get(ref.key)
    if (running !== undefined) return running
    const events: (() => Promise<void>)[] = []
    const notify = <Name extends ProcoreAuthEventName>(
      name: Name,
      event: ProcoreAuthEvents[Name],
    ): void => {
      events.push(() => this.#config.events.emit(name, event))
    }
    const config = { ...this.#config, expiry: this.#expiry, unsaved: this.#unsaved, notify }
    const flight = this.#fly(renewGrant(config, ref, outdated), ref, reason).finally(() =>
      this.#flights.delete(ref.key),
    )
    this.#flights.set(ref.key, flight)
    try {
      return await flight
    } finally {
      for (const emit of events) await emit()
    }
  }

  async #fly(renewal: Promise<Grant>, ref: GrantRef, reason: Reason): Promise<Grant> {
    try {
      const grant = await renewal
      this.#remember(ref, grant)
      return grant
    } catch (error) {
      if (error instanceof ReauthorizationRequiredError) {
        this.#cache.delete(ref.key)
        throw error
      }
      const temporary = reason === 'expiring' && isProcoreAuthError(error)
      const alive = temporary ? await this.#stillAlive(ref) : undefined
      if (!alive) throw error
      this.#remember(ref, alive)
      return alive
    }
  }

  /** Returns a grant that could not be renewed ahead of time and has some time left. */
  async #stillAlive(ref: GrantRef): Promise<Grant | undefined> {
    const known =
      this.#cache.get(ref.key)?.grant ??
      // The failure that led here is what the caller must hear of, not that of this look.
      (await this.#config.grants.read(ref.key, ref.principal).catch(() => undefined))
    const usableStill = known && !known.reauthorization && !this.#expiry.hasExpired(known.tokens)
    return usableStill ? known : undefined
  }

  #remember(ref: GrantRef, grant: Grant): void {
    this.#cache.set(ref.key, { grant, renewAt: this.#expiry.renewAt(grant.tokens) })
  }
}

function usable(grant: Grant): UsableToken {
  return { accessToken: grant.tokens.accessToken, generation: grant.generation }
}
