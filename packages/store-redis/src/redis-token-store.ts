import { randomUUID } from 'node:crypto'
import type { StoredRecord, TokenStore } from '@procore-auth/core'
import { type Connection, type RedisClient, toConnection } from './client.js'
import { toFlag, toRecord, toScanPage } from './reply.js'
import { ACQUIRE, DELETE, GET, PUT, RELEASE, type Script } from './scripts.js'
import { decodeText, encodePrefix, encodeText } from './text.js'
import { withTimeLimit } from './time-limit.js'

/** What a {@link RedisTokenStore} can be told. */
export interface RedisTokenStoreOptions {
  /** What the names of all its keys in Redis begin with; default `procore-auth:`. */
  readonly prefix?: string
  /** How long a call waits for Redis before it rejects, in milliseconds; default 5,000. */
  readonly commandTimeoutMs?: number
}

const DEFAULT_TIMEOUT_MS = 5_000
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1
const SCAN_COUNT = 500

/**
 * Keeps grants in Redis 6 or newer, one Redis or a cluster, through a client of ioredis or
 * node-redis that the application connects, listens to for errors, and closes.
 *
 * A grant is a hash without expiry under `<prefix>grant:<key>`, a lease a string that Redis ends
 * under `<prefix>lease:<name>`. Every call rejects within the time limit; a write that was on its
 * way then may still be carried out.
 *
 * @example
 * ```ts
 * import { createProcoreAuth } from '@procore-auth/core'
 * import { RedisTokenStore } from '@procore-auth/store-redis'
 * import { Redis } from 'ioredis'
 *
 * const auth = createProcoreAuth({ tokenStore: new RedisTokenStore(new Redis()) })
 * ```
 */
export class RedisTokenStore implements TokenStore {
  readonly #connection: Connection
  readonly #grants: string
  readonly #leases: string
  readonly #timeoutMs: number
  #waking: Promise<unknown> | undefined

  /**
   * @param client a client of ioredis or node-redis
   * @param options see {@link RedisTokenStoreOptions}
   * @throws {TypeError} when the client or an option is not what is accepted
   */
  constructor(client: RedisClient, options: RedisTokenStoreOptions = {}) {
    const { prefix = 'procore-auth:', commandTimeoutMs = DEFAULT_TIMEOUT_MS } = options
    if (typeof prefix !== 'string') throw new TypeError('prefix must be text')
    if (!(commandTimeoutMs > 0 && commandTimeoutMs <= LONGEST_TIMEOUT_MS)) {
      throw new TypeError(`commandTimeoutMs must be from 1 to ${LONGEST_TIMEOUT_MS} milliseconds`)
    }
    this.#connection = toConnection(client)
    this.#grants = `${encodeText(prefix)}grant:`
    this.#leases = `${encodeText(prefix)}lease:`
    this.#timeoutMs = commandTimeoutMs
  }

  async get(key: string): Promise<StoredRecord | undefined> {
    return toRecord(await this.#run(GET, this.#grants + encodeText(key)))
  }

  async put(key: string, record: StoredRecord, replaces: string | undefined): Promise<boolean> {
    return toFlag(
      await this.#run(
        PUT,
        this.#grants + encodeText(key),
        replaces === undefined ? '0' : '1',
        encodeText(replaces ?? ''),
        encodeText(record.generation),
        encodeText(record.value),
        randomUUID(),
      ),
    )
  }

  async delete(key: string, generation: string): Promise<boolean> {
    return toFlag(await this.#run(DELETE, this.#grants + encodeText(key), encodeText(generation)))
  }

  async acquireLease(name: string, owner: string, ttlMs: number): Promise<boolean> {
    const time = String(Math.ceil(ttlMs))
    return toFlag(
      await this.#run(ACQUIRE, this.#leases + encodeText(name), encodeText(owner), time),
    )
  }

  async releaseLease(name: string, owner: string): Promise<void> {
    await this.#run(RELEASE, this.#leases + encodeText(name), encodeText(owner))
  }

  async *list(prefix: string): AsyncIterable<string> {
    const start = this.#connection.keyPrefix + this.#grants
    const pattern = `${escapeGlob(start + encodePrefix(prefix))}*`
    // SCAN may bring a key twice.
    const seen = new Set<string>()
    for (const node of await this.#limited(() => this.#connection.nodes())) {
      let cursor = '0'
      do {
        const command = ['scan', cursor, 'MATCH', pattern, 'COUNT', String(SCAN_COUNT)]
        const page = toScanPage(await this.#limited((signal) => node(command, signal)))
        for (const name of page.names) {
          const key = decodeText(name.slice(start.length))
          if (!name.startsWith(start) || !key.startsWith(prefix) || seen.has(key)) continue
          seen.add(key)
          yield key
        }
        cursor = page.cursor
      } while (cursor !== '0')
    }
  }

  #run({ sha, source }: Script, key: string, ...args: string[]): Promise<unknown> {
    return this.#limited(async (signal) => {
      const { send } = this.#connection
      try {
        return await send(key, ['evalsha', sha, '1', key, ...args], signal)
      } catch (error) {
        if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
        signal.throwIfAborted()
        return send(key, ['eval', source, '1', key, ...args], signal)
      }
    })
  }

  #limited<Result>(work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    return withTimeLimit(this.#timeoutMs, async (signal) => {
      // A client without connection keeps commands and sends them when it has one again, also those
      // that nobody waits for any more; a lease taken so would keep everyone out. So it keeps a PING.
      if (!this.#connection.isReady()) await this.#wake()
      signal.throwIfAborted()
      return work(signal)
    })
  }

  #wake(): Promise<unknown> {
    this.#waking ??= this.#connection.ping().finally(() => {
      this.#waking = undefined
    })
    return this.#waking
  }
}

function escapeGlob(text: string): string {
  return text.replace(/[\\*?[\]]/g, '\\$&')
}
