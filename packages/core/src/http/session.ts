import { createHash } from 'node:crypto'
import type { AuthRequest } from '../auth-request.js'
import { BoundedMap } from '../bounded-map.js'
import type { Clock } from '../clock.js'
import type { Sealer } from '../seal.js'
import type { ProcoreUser } from '../token-set.js'
import { cookieName, readCookies, setCookie } from './cookies.js'

/** Who is signed in in this browser. */
export interface Session {
  readonly principal: string
  readonly user: ProcoreUser
  /** Epoch milliseconds. */
  readonly expiresAt: number
}

/** What sessions need. */
export interface SessionConfig {
  readonly sealer: Sealer
  readonly clock: Clock
  readonly secure: boolean
  readonly instance: string
  readonly maxAgeMs: number
}

const REMEMBERED = 10_000

/** The session cookie: sealed, for one origin, and opened once for as long as it is remembered. */
export class SessionCookie {
  readonly #config: SessionConfig
  readonly #name: string
  /** By the SHA-256 of the cookie: opening costs a few µs, and this one a fraction. */
  readonly #opened = new BoundedMap<string, Session>(REMEMBERED)

  constructor(config: SessionConfig) {
    this.#config = config
    this.#name = cookieName('session', config)
  }

  /** Returns the session of a request; `undefined` without one, or when it is forged or expired. */
  read(request: AuthRequest): Session | undefined {
    const sealed = readCookies(request)[this.#name]
    if (!sealed) return undefined
    const digest = createHash('sha256').update(sealed).digest('base64')
    const session = this.#opened.get(digest) ?? this.#open(sealed)
    if (!session || session.expiresAt <= this.#config.clock.now()) return undefined
    if (!this.#opened.get(digest)) this.#opened.set(digest, session)
    return session
  }

  /** Returns the `Set-Cookie` header that signs a user in. */
  issue(principal: string, user: ProcoreUser): string {
    const { clock, maxAgeMs, secure, sealer } = this.#config
    const session: Session = { principal, user, expiresAt: clock.now() + maxAgeMs }
    const value = sealer.seal(JSON.stringify(session), this.#name)
    return setCookie({ name: this.#name, value, maxAgeMs, secure })
  }

  /** Returns the `Set-Cookie` header that signs the user out. */
  clear(): string {
    return setCookie({ name: this.#name, value: '', maxAgeMs: 0, secure: this.#config.secure })
  }

  #open(sealed: string): Session | undefined {
    const text = this.#config.sealer.open(sealed, this.#name)
    if (text === undefined) return undefined
    // The seal is ours, so the shape is ours.
    const session: Session = JSON.parse(text)
    return session
  }
}
