import { ReauthorizationRequiredError } from '../../src/errors.js'
import { type CallOutcome, nameOf } from './callers.js'
import type { History } from './history.js'
import type { Machine } from './machine.js'
import type { Pair } from './procore-model.js'
import { canLapse } from './profile.js'

/** What must hold when all faults are over, and every living process has made one more call. */
export function afterRecovery(history: History, machines: readonly Machine[]): void {
  for (const machine of machines) history.check(everyCallEnds(machine))
  for (const pair of history.model.pairs) {
    history.check(dropsNoLivingPair(history, pair))
    history.check(tellsOnce(pair))
  }
  history.check(staysDisconnected(history))
}

/** I7. A call that never ends is a page that never loads. */
function everyCallEnds({ name, state, unsettled }: Machine): string | undefined {
  return state !== 'killed' && unsettled > 0
    ? `I7 ${unsettled} calls of ${name} never end`
    : undefined
}

/**
 * I5a. A living process that got a pair stores it or revokes it, however late. While it has a token of a
 * later sign-in it has no reason to try again, and keeps the pair in mind.
 */
function dropsNoLivingPair({ model }: History, pair: Pair): string | undefined {
  const known = pair.holder !== undefined && pair.holder.state !== 'killed'
  if (!known || pair.ended || pair.wasStored || pair.revokeAsked) return undefined
  const covered = model.pairs.some(
    (one) => one.id > signInOf(pair).id && one.origin === 'sign-in' && one.wasStored,
  )
  return covered && !pair.wasRefused
    ? undefined
    : `I5 pair ${pair.id} lives, and ${pair.holder?.name} forgot it`
}

function signInOf(pair: Pair): Pair {
  return pair.previous ? signInOf(pair.previous) : pair
}

/**
 * I8. One event per pair: applications send a mail for each. An intent whose write the store does late,
 * after its process was told that it failed, takes a mark away: it names the same generation.
 */
export function tellsOnce(pair: Pair): string | undefined {
  return pair.reauthorizationEvents > 1 + pair.marksWrittenOver
    ? `I8 pair ${pair.id} was given up ${pair.reauthorizationEvents} times`
    : undefined
}

/** I6. After a disconnect that succeeded, and no sign-in since, there is no row. */
function staysDisconnected(history: History): string | undefined {
  const { disconnectedAfterSignIns, signInsStarted, row } = history
  return row && disconnectedAfterSignIns === signInsStarted
    ? `I6 pair ${row.pair.id} is stored after a disconnect`
    : undefined
}

/** I5. What a process that starts afterwards must get, by what is stored and what Procore honours. */
export function afterFreshCall(
  history: History,
  before: Expectation | undefined,
  outcome: CallOutcome | undefined,
): void {
  if (!outcome) history.check('I7 the fresh process gets no answer')
  else if (before) history.check(usesWhatLives(before, outcome))
  else history.check(isNotConnected(history, outcome))
}

function isNotConnected(history: History, outcome: CallOutcome): string | undefined {
  const got = describe(outcome)
  if (got !== 'not-connected') return `I5 there is no row, and the fresh process gets ${got}`
  return history.disconnectsTried === 0 ? 'I5 not connected, and nobody disconnected' : undefined
}

function usesWhatLives({ pair, wanted }: Expectation, outcome: CallOutcome): string | undefined {
  const got = describe(outcome)
  return wanted.includes(got)
    ? undefined
    : `I5 from pair ${pair.id} the fresh process gets ${got}, not ${wanted.join(' or ')}`
}

/** What the stored pair must come to; taken before the fresh process changes it. */
export interface Expectation {
  readonly pair: Pair
  readonly wanted: readonly string[]
}

/** Returns what a process must get of what is stored now; `undefined` when nothing is. */
export function expectation(history: History): Expectation | undefined {
  const pair = history.row?.pair
  return pair && { pair, wanted: wantedOf(history, pair) }
}

function wantedOf({ profile, model }: History, pair: Pair): readonly string[] {
  if (!pair.ended) {
    const mayGiveUp = profile.lostRefresh === 'reauthorize' && pair.hadIntent
    return mayGiveUp ? ['a working token', 'lost-response'] : ['a working token']
  }
  const successors = model.pairs.filter((one) => one.previous === pair)
  const ambiguous = successors.some(({ revokeAsked }) => revokeAsked)
  if (pair.ended === 'spent' && !ambiguous) return ['lost-response']
  const faults = canLapse(profile) || profile.lostAnswers > 0 || profile.notSent > 0
  return pair.hadIntent && faults ? ['invalid_grant', 'lost-response'] : ['invalid_grant']
}

function describe(outcome: CallOutcome): string {
  if ('works' in outcome)
    return outcome.works ? 'a working token' : `a dead token ${outcome.pair.id}`
  const { error } = outcome
  return error instanceof ReauthorizationRequiredError ? error.reason : nameOf(error)
}
