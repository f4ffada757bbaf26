import type { LostRefreshPolicy } from '../../src/tokens/renewal.js'
import type { Random } from './random.js'

const SECOND = 1_000
const MINUTE = 60 * SECOND

/** What can happen in one schedule. Each has its own mix, so that rare faults also meet alone. */
export interface Profile {
  readonly mode: 'strict' | 'on-use'
  readonly lostRefresh: LostRefreshPolicy
  readonly machines: number
  readonly rounds: number
  readonly lifetimeMs: number
  readonly skewMs: number
  readonly storeLatencyMs: number
  readonly postLatencyMs: number
  readonly crashes: boolean
  readonly pauses: boolean
  /** Share of token requests, revocations and inspections without an answer. */
  readonly lostAnswers: number
  readonly notSent: number
  /** Share of store calls that reject. */
  readonly storeErrors: number
  readonly outages: boolean
  readonly signIns: boolean
  readonly disconnects: boolean
  /** Whether the user may end the connection at Procore. */
  readonly endings: boolean
  /** Share of callers who are told 401 for a token that works. */
  readonly falseRejections: number
}

export function drawProfile(random: Random): Profile {
  const calm = random.chance(0.12)
  const fault = (probability: number): boolean => !calm && random.chance(probability)
  return {
    mode: random.pick('strict', 'strict', 'on-use'),
    lostRefresh: random.chance(0.12) ? 'reauthorize' : 'resend',
    machines: random.between(2, 4),
    rounds: random.between(1, 3),
    lifetimeMs: random.pick(90 * MINUTE, 15 * MINUTE, 60 * SECOND, 120 * MINUTE),
    skewMs: random.chance(0.5) ? 10 * MINUTE : 0,
    storeLatencyMs: random.pick(4, 40, 400, 2 * SECOND),
    postLatencyMs: random.pick(200, 200, 2 * SECOND, 40 * SECOND),
    crashes: fault(0.4),
    pauses: fault(0.45),
    lostAnswers: fault(0.4) ? random.pick(0.1, 0.3, 0.6) : 0,
    notSent: fault(0.2) ? random.pick(0.1, 0.5) : 0,
    storeErrors: fault(0.35) ? random.pick(0.02, 0.1, 0.25) : 0,
    outages: fault(0.2),
    signIns: random.chance(0.4),
    disconnects: random.chance(0.3),
    endings: fault(0.15),
    falseRejections: random.chance(0.3) ? 0.2 : 0,
  }
}

/** Whether a lease can lapse in the hands of a process. */
export function canLapse(profile: Profile): boolean {
  return profile.crashes || profile.pauses || profile.storeErrors > 0 || profile.outages
}

/** Whether nothing goes wrong, so that every caller has to succeed. */
export function isCalm(profile: Profile): boolean {
  const slow = profile.postLatencyMs > profile.lifetimeMs / 10
  const lossy = profile.lostAnswers > 0 || profile.notSent > 0
  return !canLapse(profile) && !lossy && !profile.endings && !profile.disconnects && !slow
}
