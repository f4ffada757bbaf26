import type { Context } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import type { RouteEnv } from '../http/context.js'
import { type RandomBytes, randomHex } from '../random.js'

/** A browser session on the login server. */
export interface Session {
  /** Bound into every form. */
  readonly csrfToken: string
  /** Who is signed in. */
  readonly userId: string | undefined
}

/** The browser sessions of one simulator. */
export interface Sessions {
  /** Returns the session of the browser, and starts one where there is none. */
  current(c: Context<RouteEnv>): Session
  /** Signs a user in under a new session id; forms that are open stay valid. */
  signIn(c: Context<RouteEnv>, userId: string): void
  /** Signs the user out. */
  signOut(c: Context<RouteEnv>): void
}

const cookieName = '_procore_simulator_session'
const maximumSessions = 10_000

/**
 * Creates an empty list of sessions.
 *
 * @param random Source of session ids and form tokens.
 * @returns The sessions.
 */
export function createSessions(random: RandomBytes): Sessions {
  const sessions = new Map<string, Session>()

  function start(c: Context<RouteEnv>, session: Session): Session {
    sessions.delete(getCookie(c, cookieName) ?? '')
    const oldest = sessions.size >= maximumSessions ? sessions.keys().next().value : undefined
    if (oldest !== undefined) sessions.delete(oldest)
    const id = randomHex(random)
    sessions.set(id, session)
    setCookie(c, cookieName, id, { path: '/', httpOnly: true, sameSite: 'Lax' })
    return session
  }

  function current(c: Context<RouteEnv>): Session {
    const known = sessions.get(getCookie(c, cookieName) ?? '')
    return known ?? start(c, { csrfToken: randomHex(random), userId: undefined })
  }

  return {
    current,
    signIn(c, userId) {
      start(c, { csrfToken: current(c).csrfToken, userId })
    },
    signOut(c) {
      start(c, { csrfToken: randomHex(random), userId: undefined })
    },
  }
}
