import type { History, Row } from './history.js'
import type { Machine } from './machine.js'
import { descendsFrom, type Pair } from './procore-model.js'
import { canLapse, isCalm } from './profile.js'

const MAXIMUM_WINDOW_MS = 5 * 60_000
/** `created_at` is in whole seconds. */
const ROUNDING_MS = 1_000

/** What must hold when a refresh leaves a process. */
export function refreshLeaves(history: History, machine: Machine, pair: Pair): void {
  history.check(sendsNoReplacedToken(history, machine, pair))
  history.check(sendsWhatItHasJustRead(machine, pair))
  history.check(recordsTheIntentFirst(history, pair))
  history.check(sendsAlone(history, machine))
  history.check(sendsOnceWhenCalm(history, machine, pair))
  history.check(sendsOnlyWhenNeeded(history, machine, pair))
}

/**
 * I1. A pair that a holder of the lease rotated is gone: sending it again locks a user out of a strict
 * server and makes two families in an on-use one. A late write of one who lost the lease is allowed,
 * so only successors written under the lease count.
 */
function sendsNoReplacedToken({ row }: History, machine: Machine, pair: Pair): string | undefined {
  const replaced = row?.underLease && descendsFrom(row.pair, pair)
  return replaced
    ? `I1 ${machine.name} sends pair ${pair.id}, but its successor ${row.pair.id} is stored`
    : undefined
}

/** I1b. After an answer that was lost the store may hold another pair; it has to be asked first. */
function sendsWhatItHasJustRead(machine: Machine, pair: Pair): string | undefined {
  const seen = machine.seen.get(pair.id)
  if (seen === undefined)
    return `I1b ${machine.name} sends pair ${pair.id}, never seen in the store`
  const answered = machine.answered.get(pair.id)
  return answered !== undefined && seen <= answered
    ? `I1b ${machine.name} sends pair ${pair.id} again without a look at the store`
    : undefined
}

/** I1c. Without a recorded intent a crash cannot be told from a revocation. */
function recordsTheIntentFirst({ row }: History, pair: Pair): string | undefined {
  if (row?.pair !== pair || row.pending || row.marked) return undefined
  return `I1c pair ${pair.id} is sent, and the store does not say so`
}

/** I2. Two refreshes of one grant side by side: one of them loses. Only a lapsed lease excuses it. */
function sendsAlone({ inFlight, profile }: History, machine: Machine): string | undefined {
  return inFlight.size > 0 && !canLapse(profile)
    ? `I2 ${machine.name} sends a refresh while another is on its way`
    : undefined
}

/** I4a. Where nothing is lost, a token that was sent once was rotated. */
function sendsOnceWhenCalm(history: History, machine: Machine, pair: Pair): string | undefined {
  return pair.refreshesSent > 0 && isCalm(history.profile)
    ? `I4 ${machine.name} sends pair ${pair.id} a second time in a calm schedule`
    : undefined
}

/** I4b. A refresh is for a pair near its end, as far as this clock can tell, or one that got a 401. */
function sendsOnlyWhenNeeded(history: History, machine: Machine, pair: Pair): string | undefined {
  const { profile, model, timeline } = history
  if (pair.wasRejected || pair.ended || profile.disconnects) return undefined
  const { issuedAt, lifetimeMs } = pair.tokens
  const window = Math.min(lifetimeMs * 0.1, MAXIMUM_WINDOW_MS) * 1.5
  const left = issuedAt + lifetimeMs - timeline.now
  if (model.hasExpired(pair) || left <= window + profile.skewMs + ROUNDING_MS) return undefined
  return `I4 ${machine.name} sends pair ${pair.id} with ${left} ms to live`
}

/** What must hold when the store takes a pair in the place of another. */
export function rowWritten(
  history: History,
  { before, after, late }: { before: Row | undefined; after: Row; late: boolean },
): void {
  history.check(overwritesNothingNewer(before, after))
  history.check(bringsNobodyBack(before, after))
  const forgotten = forgetsNoMark(before, after)
  if (late && forgotten) after.pair.marksWrittenOver += 1
  else history.check(forgotten)
}

/** I6a. A sign-in, or a newer pair, is the only one that works: an older pair must not cover it. */
function overwritesNothingNewer(before: Row | undefined, after: Row): string | undefined {
  if (!before || before.pair === after.pair) return undefined
  if (after.pair.origin === 'sign-in' && !after.pair.wasStored) return undefined
  return descendsFrom(after.pair, before.pair)
    ? undefined
    : `I6 pair ${after.pair.id} overwrites pair ${before.pair.id}, which it did not come from`
}

/** I6b. Who disconnected stays disconnected: a refresh under way does not bring the row back. */
function bringsNobodyBack(before: Row | undefined, after: Row): string | undefined {
  return !before && after.pair.origin === 'refresh'
    ? `I6 pair ${after.pair.id} is stored where there was no row`
    : undefined
}

/** I8a. A pair that was given up is not given up again: each time is an event, and a mail to a user. */
function forgetsNoMark(before: Row | undefined, after: Row): string | undefined {
  return before?.marked && before.pair === after.pair && !after.marked
    ? `I8 the mark of pair ${after.pair.id} is gone`
    : undefined
}

/** I6c. A grant that was deleted has no pair that works; nobody could revoke it any more. */
export function deletesOnlyTheDead(row: Row): string | undefined {
  return row.pair.ended ? undefined : `I6 pair ${row.pair.id} is deleted, and it lives`
}

/** I3. A pair that is used before it is stored is lost with the process that used it. */
export function handsOutStoredPairs(pair: Pair): string | undefined {
  return pair.wasStored ? undefined : `I3 a caller got pair ${pair.id}, which was never stored`
}

/** I10. In one process the callers for a grant share one renewal, and with it one row of store calls. */
export function sharesOneFlight(machine: Machine): string | undefined {
  return machine.storeCalls > 1 + machine.ownCalls
    ? `I10 ${machine.name} makes ${machine.storeCalls} store calls at once`
    : undefined
}
