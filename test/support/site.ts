import {
  type ConnectionStatus,
  createProcoreAuth,
  type ProcoreAuth,
  type ProcoreAuthOptions,
} from '@procore-auth/core'
import { createSimulator, type RefreshMode, type Simulator } from '@procore-auth/simulator'
import { expect } from 'vitest'
import type { SharedStore } from './shared-stores.js'
import { Wire } from './wire.js'

const OUT_OF_BAND = 'urn:ietf:wg:oauth:2.0:oob'
const AT_ONCE = 20
const DAY_MS = 86_400_000

/** What is stored for a principal. Grants of a site are not encrypted, so that it can be read. */
interface Row {
  readonly generation: string
  readonly accessToken: string
  readonly refreshToken: string
  readonly refreshPending?: object
}

/**
 * An application at an offline Procore: the way between them, and a store that its processes share.
 * Whatever is sent to Procore must be what the store holds then, with the intent to refresh it.
 */
export class Site {
  readonly mode: RefreshMode
  readonly procore: Simulator
  readonly wire: Wire
  /** What its processes have in common. */
  readonly options: ProcoreAuthOptions
  /** Refreshes of something else than what was stored with an intent; there must be none. */
  readonly unannounced: string[] = []
  readonly #shared: SharedStore
  readonly #auth: ProcoreAuth
  readonly #keys = new Map<string, string>()

  private constructor(parts: {
    mode: RefreshMode
    procore: Simulator
    wire: Wire
    shared: SharedStore
  }) {
    const { mode, procore, wire, shared } = parts
    this.mode = mode
    this.procore = procore
    this.wire = wire
    this.#shared = shared
    this.options = {
      environment: { loginOrigin: wire.origin, apiOrigin: procore.apiOrigin },
      clientId: procore.app.clientId,
      clientSecret: procore.app.clientSecret,
      tokenTimeoutMs: 120_000,
    }
    this.#auth = createProcoreAuth({ ...this.options, tokenStore: shared.store })
    wire.onRefresh = async ({ principal, refreshToken }) => {
      const row = await this.row(principal)
      const isStored = row?.refreshToken === refreshToken
      if (isStored && row.refreshPending) return
      this.unannounced.push(`${principal}: ${isStored ? 'no intent' : 'not what is stored'}`)
    }
  }

  /** Opens one. */
  static async open(shared: SharedStore, mode: RefreshMode): Promise<Site> {
    const unlimited = 1_000_000_000
    const procore = await createSimulator({
      refreshMode: mode,
      rateLimits: { perHour: unlimited, perTenSeconds: unlimited },
    })
    const wire = await Wire.open(procore.loginOrigin)
    return new Site({ mode, procore, wire, shared })
  }

  /** Stores a grant for each principal whose access token expired a long time ago. */
  async signInExpired(principals: readonly string[]): Promise<void> {
    this.procore.clock.advance(-DAY_MS)
    for (let index = 0; index < principals.length; index += AT_ONCE) {
      await Promise.all(principals.slice(index, index + AT_ONCE).map((one) => this.signIn(one)))
    }
    this.procore.clock.advance(DAY_MS)
    for await (const key of this.#shared.store.list('')) {
      this.#keys.set(decodeURIComponent(key.split(':').at(-1) ?? ''), key)
    }
  }

  /** Stores a grant for a principal, whatever is stored. */
  async signIn(principal: string): Promise<void> {
    const code = await this.procore.authorize({ redirectUri: OUT_OF_BAND })
    this.wire.attribute(code, principal)
    await this.#auth.installedApp({ principal }).complete(code)
  }

  /** Tells from the store how a principal is connected. */
  status(principal: string): Promise<ConnectionStatus> {
    return this.#auth.status(principal)
  }

  /** `connected`, `not-connected`, or the reason why somebody has to sign in again. */
  async state(principal: string): Promise<string> {
    const status = await this.status(principal)
    return status.state === 'needs-reauthorization' ? status.reason : status.state
  }

  /** Reads what is stored for a principal. */
  async row(principal: string): Promise<Row | undefined> {
    const record = await this.#shared.store.get(this.#keys.get(principal) ?? '')
    return record && { ...JSON.parse(record.value), generation: record.generation }
  }

  /** Takes or gives back the lease of a principal's grant, as a process that does not end would. */
  async lease(principal: string, ttlMs: number): Promise<void> {
    const { store } = this.#shared
    const key = this.#keys.get(principal) ?? ''
    if (ttlMs > 0) expect(await store.acquireLease(key, 'another', ttlMs)).toBe(true)
    else await store.releaseLease(key, 'another')
  }

  /** Asks Procore which access tokens of a principal it still honours; all but the first sign-in's. */
  async honoured(principal: string): Promise<readonly string[]> {
    const pairs = this.wire.issued.filter((pair) => pair.principal === principal).slice(1)
    const answers = pairs.map(async ({ accessToken }) => {
      const response = await fetch(`${this.procore.loginOrigin}/oauth/token/info`, {
        headers: { authorization: `Bearer ${accessToken}` },
      })
      return response.ok ? [accessToken] : []
    })
    return (await Promise.all(answers)).flat()
  }

  /** Closes all but the store. */
  async close(): Promise<void> {
    await this.#auth.close()
    await this.wire.close()
    await this.procore.close()
  }
}
