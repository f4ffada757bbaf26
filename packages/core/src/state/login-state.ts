import { createHash, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../clock.js'
import { ProcoreAuthError } from '../errors.js'
import type { Sealer } from '../seal.js'

/** A login that was started in this browser and not yet completed. */
export interface LoginState {
  /** The `state` parameter (RFC 6749, section 10.12): 64 hexadecimal digits, 256 bits. */
  readonly state: string
  /** Path on this origin to end at. */
  readonly returnTo: string
  /** Whose login it is, where the application has its own session. */
  readonly principal: string | undefined
  /** Epoch milliseconds. */
  readonly startedAt: number
  /** The one that this login was started with, where it is not always the same. */
  readonly redirectUri?: string
  /** What an adapter wants back with the callback; JSON. */
  readonly payload?: unknown
}

/** The cookies of a request, by name. */
export type Cookies = Readonly<Record<string, string | undefined>>

/** What the functions of this file need. */
export interface LoginStateConfig {
  readonly sealer: Sealer
  /** Each login has a cookie of its own: this, then eight digits of the state. */
  readonly cookiePrefix: string
  readonly maxAgeMs: number
  readonly clock: Clock
  readonly randomBytes: (size: number) => Buffer
  /** Returns true for the first caller that takes a name, in whichever process, false for the rest. */
  readonly takeOnce: (name: string, ttlMs: number) => Promise<boolean>
}

const STATE_BYTES = 32
/** Tabs that may be logging in at once; the oldest gives way. */
const MAXIMUM_LOGINS = 8
/** Bytes of login cookies that a browser is left with; servers refuse headers of 8 kB and more. */
const MAXIMUM_COOKIE_BYTES = 3_000
/** Bytes of a payload: with the longest returnTo its cookie stays below the 4,096 of browsers. */
const MAXIMUM_PAYLOAD_BYTES = 1_000
/** Cookies looked at in one request: more than a browser can have by our doing. */
const MAXIMUM_EXAMINED = 32

/** What starting a login asks of the browser. */
export interface StartedLogin {
  readonly state: string
  readonly cookie: { readonly name: string; readonly value: string }
  /** Names of login cookies that are expired, foreign or too many. */
  readonly remove: readonly string[]
}

/**
 * Starts a login: mints its state and seals it into a cookie of its own, so that several tabs can
 * log in side by side.
 *
 * @throws {ProcoreAuthError} `ERR_PROCORE_ARGUMENT_INVALID` when the payload is too large
 */
export function startLogin(
  config: LoginStateConfig,
  cookies: Cookies,
  login: Omit<LoginState, 'state' | 'startedAt'>,
): StartedLogin {
  assertFits(login.payload)
  const state = config.randomBytes(STATE_BYTES).toString('hex')
  const name = cookieName(config, state)
  const content: LoginState = { state, ...login, startedAt: config.clock.now() }
  const value = config.sealer.seal(JSON.stringify(content), name)
  return {
    state,
    cookie: { name, value },
    remove: surplus(config, cookies, name.length + value.length),
  }
}

/**
 * Finds the login that a callback belongs to, in the cookies of this browser.
 *
 * @throws {ProcoreAuthError} `ERR_PROCORE_STATE_MISMATCH` when this browser did not start it,
 *   `ERR_PROCORE_STATE_EXPIRED` when it did, but too long ago
 */
export function findLogin(config: LoginStateConfig, cookies: Cookies, state: string): LoginState {
  const name = cookieName(config, state)
  const login = open(config, name, cookies[name])
  if (!login || !sameText(login.state, state)) {
    throw new ProcoreAuthError(
      'ERR_PROCORE_STATE_MISMATCH',
      'This browser holds no login with that state: the cookie is gone, was refused, or belongs to another host name than the one in redirectUri (localhost and 127.0.0.1 are two). Start again at the login route',
    )
  }
  if (login.startedAt + config.maxAgeMs <= config.clock.now()) {
    throw new ProcoreAuthError(
      'ERR_PROCORE_STATE_EXPIRED',
      'The login took longer than loginMaxAgeSeconds. Start again at the login route',
    )
  }
  return login
}

/**
 * Uses a login up. It can be used once, by one request of one process.
 *
 * @throws {ProcoreAuthError} `ERR_PROCORE_STATE_USED` when it was used before
 */
export async function consumeLogin(config: LoginStateConfig, login: LoginState): Promise<void> {
  const name = `login ${createHash('sha256').update(login.state).digest('hex')}`
  if (await config.takeOnce(name, config.maxAgeMs)) return
  throw new ProcoreAuthError('ERR_PROCORE_STATE_USED', 'This login was completed already')
}

/** Returns the name of the cookie that holds a state. */
export function cookieName(config: Pick<LoginStateConfig, 'cookiePrefix'>, state: string): string {
  // A state of ours is hexadecimal; anything else has no cookie, whatever its name would be.
  return `${config.cookiePrefix}${/^[0-9a-f]{64}$/.test(state) ? state.slice(0, 8) : 'none'}`
}

/** Picks the login cookies to remove so that one more of `bytes` fits. */
function surplus(config: LoginStateConfig, cookies: Cookies, bytes: number): string[] {
  const names = Object.keys(cookies).filter((name) => name.startsWith(config.cookiePrefix))
  const logins = names.slice(0, MAXIMUM_EXAMINED).map((name) => {
    const login = open(config, name, cookies[name])
    const startedAt = login?.startedAt ?? Number.NEGATIVE_INFINITY
    const alive = startedAt + config.maxAgeMs > config.clock.now()
    return { name, size: name.length + (cookies[name]?.length ?? 0), startedAt, alive }
  })
  const remove: string[] = []
  let count = 1
  let total = bytes
  for (const login of logins.sort((a, b) => b.startedAt - a.startedAt)) {
    const fits = count < MAXIMUM_LOGINS && total + login.size <= MAXIMUM_COOKIE_BYTES
    if (login.alive && fits) {
      count += 1
      total += login.size
    } else {
      remove.push(login.name)
    }
  }
  return remove
}

function open(
  config: LoginStateConfig,
  name: string,
  sealed: string | undefined,
): LoginState | undefined {
  const text = sealed && config.sealer.open(sealed, name)
  if (!text) return undefined
  // The seal is ours, so the shape is ours.
  const login: LoginState = JSON.parse(text)
  return login
}

function assertFits(payload: unknown): void {
  if (Buffer.byteLength(JSON.stringify(payload) ?? '') <= MAXIMUM_PAYLOAD_BYTES) return
  throw new ProcoreAuthError(
    'ERR_PROCORE_ARGUMENT_INVALID',
    `The state to carry through the login is larger than ${MAXIMUM_PAYLOAD_BYTES} bytes of JSON, and a cookie has to hold it: keep it where your session is, and carry its name`,
  )
}

function sameText(left: string, right: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(left), digest(right))
}
