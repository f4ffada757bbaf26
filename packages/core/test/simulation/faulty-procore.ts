import { ProcoreAuthError, TokenRequestError } from '../../src/errors.js'
import type { Secret } from '../../src/redact.js'
import type { TokenSet } from '../../src/token-set.js'
import type { History } from './history.js'
import type { Machine } from './machine.js'
import type { Pair } from './procore-model.js'
import type { Random } from './random.js'
import { refreshLeaves } from './refresh-rules.js'

/** After this long a process gives a token request up. */
const TIME_OUT_MS = 45_000
type Fate = 'answered' | 'not-sent' | 'lost-before' | 'lost-after' | 'late'

/** The way to Procore, with latency, and with faults while there are any. */
export class Procore {
  faulty = true
  readonly #history: History
  readonly #random: Random

  constructor(history: History, random: Random) {
    this.#history = history
    this.#random = random
  }

  refresh(machine: Machine, refreshToken: Secret): Promise<TokenSet> {
    const history = this.#history
    const pair = history.model.pairOf(refreshToken.reveal())
    refreshLeaves(history, machine, pair)
    history.figures.refreshes += 1
    pair.refreshesSent += 1
    const flight = {}
    history.inFlight.add(flight)
    const fate = this.#fate()
    history.note(() => `${machine.name} REFRESH pair ${pair.id} (${fate})`)
    let issued: Pair | undefined
    const effect = (): TokenSet => {
      issued = this.#rotate(pair)
      return issued.tokens
    }
    return machine.send({
      effect: fate === 'not-sent' || fate === 'lost-before' ? undefined : effect,
      ...this.#latency(fate),
      failure: this.#failure(fate),
      arrived: () => {
        history.inFlight.delete(flight)
        machine.answered.set(pair.id, history.questions)
        if (fate === 'answered' && issued) issued.holder = machine
        if (fate !== 'answered' && fate !== 'not-sent') pair.lostAnswers += 1
        history.note(() => `${machine.name} refresh of ${pair.id} over: ${issued?.id ?? 'no pair'}`)
      },
    })
  }

  #rotate(pair: Pair): Pair {
    const issued = this.#history.model.refresh(pair)
    this.#history.figures.rotations += 1
    this.#history.note(() => `procore: pair ${pair.id} -> ${issued.id}`)
    return issued
  }

  /** Calls the API with a token. */
  api(machine: Machine, token: Secret): Promise<'valid' | 'invalid'> {
    const pair = this.#history.model.pairOf(token.reveal())
    const refused = this.faulty && this.#random.chance(this.#history.profile.falseRejections)
    return machine.send<'valid' | 'invalid'>({
      effect: () => (refused ? 'invalid' : this.#history.model.present(pair)),
      ...this.#latency('answered'),
      failure: undefined,
    })
  }

  inspect(machine: Machine, token: Secret): Promise<'valid' | 'invalid'> {
    return this.#ask(machine, token, (pair) => this.#history.model.present(pair))
  }

  revoke(machine: Machine, token: Secret): Promise<void> {
    // Who asks, and is not heard, has done what can be done.
    this.#history.model.pairOf(token.reveal()).revokeAsked = true
    return this.#ask(machine, token, (pair) => {
      this.#history.model.revoke(pair)
      this.#history.note(() => `procore: revoke ${pair.id}: ${pair.ended ?? 'expired, ignored'}`)
    })
  }

  #ask<Answer>(machine: Machine, token: Secret, act: (pair: Pair) => Answer): Promise<Answer> {
    const pair = this.#history.model.pairOf(token.reveal())
    const fate = this.#fate()
    const failure = new ProcoreAuthError('ERR_PROCORE_TOKEN_ENDPOINT_UNREACHABLE', 'no answer')
    return machine.send({
      effect: fate === 'not-sent' || fate === 'lost-before' ? undefined : () => act(pair),
      ...this.#latency(fate),
      failure: fate === 'answered' ? undefined : failure,
    })
  }

  #fate(): Fate {
    const { lostAnswers, notSent } = this.#history.profile
    if (!this.faulty) return 'answered'
    if (this.#random.chance(notSent)) return 'not-sent'
    if (!this.#random.chance(lostAnswers)) return 'answered'
    this.#history.figures.lostAnswers += 1
    return this.#random.pick('lost-before', 'lost-after', 'lost-after', 'late')
  }

  #latency(fate: Fate): { effectAfterMs: number; answerAfterMs: number } {
    const most = this.faulty ? this.#history.profile.postLatencyMs : 40
    const latency = this.#random.between(1, most)
    const effectAfterMs = this.#random.between(0, latency)
    if (fate === 'late') {
      return { effectAfterMs: TIME_OUT_MS + effectAfterMs, answerAfterMs: TIME_OUT_MS }
    }
    return { effectAfterMs, answerAfterMs: latency }
  }

  #failure(fate: Fate): TokenRequestError | undefined {
    if (fate === 'answered') return undefined
    return fate === 'not-sent'
      ? new TokenRequestError('ERR_PROCORE_TOKEN_ENDPOINT_UNREACHABLE', 'not sent', {
          outcome: 'not-sent',
        })
      : new TokenRequestError('ERR_PROCORE_TOKEN_RESPONSE_LOST', 'lost', { outcome: 'unknown' })
  }
}
