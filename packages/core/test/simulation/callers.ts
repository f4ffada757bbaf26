import { isProcoreAuthError } from '../../src/errors.js'
import type { GrantRef } from '../../src/tokens/renewal.js'
import type { TokenManager } from '../../src/tokens/token-manager.js'
import type { UsableToken } from '../../src/tokens/token-source.js'
import type { Procore } from './faulty-procore.js'
import { LATEST_WRITE_MS } from './faulty-store.js'
import type { History } from './history.js'
import type { Machine } from './machine.js'
import type { Pair } from './procore-model.js'
import { isCalm } from './profile.js'
import { handsOutStoredPairs } from './refresh-rules.js'

/** A process with the production code in it. */
export interface Host {
  readonly machine: Machine
  readonly manager: TokenManager
}

/** How a call for a token ended. */
export type CallOutcome =
  | { readonly pair: Pair; readonly works: boolean }
  | { readonly error: unknown }

const USER = { id: '562949953430360', login: 'jim@example.com', name: 'Jim' } as const
const REDIRECT_URI = 'https://app.example/callback'
/** The longest queue for a lease, one holder with two slow requests, and patient writes. */
const LONGEST_CALL_MS = 15 * 60_000

/** Those who want something of the processes, and hold them to what they promise. */
export class Callers {
  readonly #history: History
  readonly #procore: Procore
  #saving = 0

  constructor(history: History, procore: Procore) {
    this.#history = history
    this.#procore = procore
  }

  /** Calls the API like the client does: a 401 brings one replacement. */
  async call(host: Host): Promise<CallOutcome> {
    this.#history.figures.calls += 1
    const ref = refOf(host)
    try {
      const first = await this.#settled(host, 'use', () => host.manager.use(ref))
      const token = await this.#tried(host, first)
      if (token.works) return token
      token.pair.wasRejected = true
      const second = await this.#settled(host, 'replace', () =>
        host.manager.replace(ref, first.generation),
      )
      return await this.#tried(host, second)
    } catch (error) {
      if (isCalm(this.#history.profile)) this.#history.check(`I4 a call failed: ${nameOf(error)}`)
      return { error }
    }
  }

  /** A user signs in: whatever was stored is replaced. */
  async signIn(host: Host): Promise<void> {
    const { model, figures } = this.#history
    figures.signIns += 1
    this.#history.signInsStarted += 1
    const { tokens } = model.issue(undefined)
    this.#saving += 1
    const given = { tokens, user: USER, redirectUri: REDIRECT_URI }
    const save = (): Promise<void> => host.manager.save(refOf(host), given)
    await this.#ownCall(host, 'save', save).catch(() => this.#lateWriteOver())
    this.#saving -= 1
  }

  /** A sign-in that failed may be stored all the same, a little later. */
  #lateWriteOver(): Promise<void> {
    const { timeline } = this.#history
    return new Promise((resolve) => timeline.after(LATEST_WRITE_MS, resolve))
  }

  async disconnect(host: Host): Promise<void> {
    const history = this.#history
    history.figures.disconnects += 1
    history.disconnectsTried += 1
    // A sign-in that is being stored may come after the disconnect as well as before it.
    const alone = this.#saving === 0
    const before = history.signInsStarted
    try {
      await this.#ownCall(host, 'disconnect', () => host.manager.disconnect(refOf(host)))
      if (alone) history.disconnectedAfterSignIns = before
    } catch {
      history.note(() => `${host.machine.name} could not disconnect`)
    }
  }

  async #tried(host: Host, token: UsableToken): Promise<{ pair: Pair; works: boolean }> {
    const pair = this.#history.model.pairOf(token.accessToken.reveal())
    this.#history.check(handsOutStoredPairs(pair))
    const answer = await this.#procore.api(host.machine, token.accessToken)
    this.#history.note(() => `${host.machine.name} api with pair ${pair.id}: ${answer}`)
    return { pair, works: answer === 'valid' }
  }

  async #ownCall<Result>(host: Host, what: string, call: () => Promise<Result>): Promise<Result> {
    host.machine.ownCalls += 1
    try {
      return await this.#settled(host, what, call)
    } finally {
      host.machine.ownCalls -= 1
    }
  }

  /** I7: every call ends in time, with what was asked for or an error of this package. */
  async #settled<Result>(host: Host, what: string, call: () => Promise<Result>): Promise<Result> {
    const history = this.#history
    const { machine } = host
    const startedAt = history.timeline.now - machine.stoppedMs
    history.note(() => `${machine.name} ${what}`)
    machine.unsettled += 1
    try {
      const result = await call()
      history.note(() => `${machine.name} ${what} done`)
      return result
    } catch (error) {
      history.note(() => `${machine.name} ${what} failed: ${nameOf(error)}`)
      if (!isProcoreAuthError(error)) history.check(`I7 ${what} failed with ${nameOf(error)}`)
      throw error
    } finally {
      machine.unsettled -= 1
      const took = history.timeline.now - machine.stoppedMs - startedAt
      history.figures.longestCallMs = Math.max(history.figures.longestCallMs, took)
      if (took > LONGEST_CALL_MS) history.check(`I7 ${what} took ${took} ms`)
    }
  }
}

function refOf({ manager }: Host): GrantRef {
  return manager.ref('authorization_code', 'jim')
}

/** Names an error in a trace. */
export function nameOf(error: unknown): string {
  if (!isProcoreAuthError(error)) return String(error)
  const reason = 'reason' in error ? ` ${String(error.reason)}` : ''
  return `${error.code}${reason}`
}
